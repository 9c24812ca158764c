#include "flotilla/service/roles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace flotilla::service {
namespace {

using testing::HasSubstr;

int nothing(int, const char* const*) {
    return 0;
}

constexpr std::array roles{
    Role{"registry", "service registry", nothing}, Role{"gateway", "API gateway", nothing}
};

Choice choose_of(std::vector<std::string_view> arguments) {
    return choose("flotilla", arguments, roles);
}

TEST(Roles, TheFirstArgumentNamesTheRole) {
    EXPECT_EQ(choose_of({"gateway", "--server.port=1"}).role, &roles[1]);
}

TEST(Roles, HelpListsThemWithTheirPurpose) {
    const Choice help = choose_of({"--help"});
    EXPECT_EQ(help.role, nullptr);
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.text, HasSubstr("registry"));
    EXPECT_THAT(help.text, HasSubstr("API gateway"));
}

TEST(Roles, VersionIsOneLine) {
    const Choice version = choose_of({"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_TRUE(version.text.starts_with("flotilla 0.")) << version.text;
    EXPECT_EQ(version.text.find('\n'), version.text.size() - 1);
}

TEST(Roles, AnUnknownRoleIsToldWithTheNearestAndIsTwo) {
    const Choice choice = choose_of({"registri"});
    EXPECT_EQ(choice.exit_code, 2);
    EXPECT_THAT(choice.text, HasSubstr("did you mean 'registry'?"));
    EXPECT_EQ(choose_of({"--port"}).exit_code, 2);
    EXPECT_EQ(choose_of({}).exit_code, 2);
}

}  // namespace
}  // namespace flotilla::service
