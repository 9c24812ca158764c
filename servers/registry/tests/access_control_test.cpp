#include "../shell/access_control.hpp"

#include <gtest/gtest.h>

namespace flotilla::registry {
namespace {

using Properties = std::vector<std::pair<std::string, reflect::Json>>;

Result<std::optional<actuator::BasicAuthorizer::User>> user_of(const Properties& properties) {
    return registry_user(config::Environment::of(properties));
}

std::string complaint(const std::string& password) {
    const auto user =
        user_of({{"spring.security.user.name", "ann"}, {"spring.security.user.password", password}});
    return user ? std::string() : user.error().message();
}

TEST(RegistryUser, IsNobodyUnlessConfigured) {
    const auto user = user_of({});
    ASSERT_TRUE(user);
    EXPECT_FALSE(*user);
}

TEST(RegistryUser, IsCalledUserAsWithSpring) {
    const auto user = user_of({{"spring.security.user.password", "secret"}});
    ASSERT_TRUE(user && *user);
    EXPECT_EQ((*user)->name, "user");
    EXPECT_EQ((*user)->password, "secret");
}

TEST(RegistryUser, HasAPasswordInAFormThatIsRead) {
    EXPECT_EQ(complaint("{noop}secret"), "");
    EXPECT_EQ(complaint("{never closed"), "");
    EXPECT_EQ(complaint("{bcrypt}$2a$04$" + std::string(53, 'x')), "");
    EXPECT_NE(complaint("").find("a name without a password"), std::string::npos);
    EXPECT_NE(complaint("{bcrypt}secret").find("no hash of 60 characters"), std::string::npos);
    EXPECT_NE(complaint("{argon2}$argon2id$v=19$").find("{argon2}, which is not read"), std::string::npos);
}

}  // namespace
}  // namespace flotilla::registry
