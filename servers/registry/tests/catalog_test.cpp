#include "flotilla/registry/catalog.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;
using reflect::Json;

Json parsed(const std::string& text) {
    return reflect::parse_json(text).value();
}

class Catalog : public ::testing::Test {
protected:
    void SetUp() override {
        InstanceInfo info = instance("USER-SERVICE", "h1:user-service:8080");
        info.metadata = {{"zone", "a"}, {"management.port", "9090"}};
        f.enroll(info);
        f.enroll(with_status(instance("ORDER_SERVICE", "2"), InstanceStatus::starting));
    }

    [[nodiscard]] std::vector<CatalogEntry> all() {
        return f.registry.catalog([](std::string_view) { return true; }, f.at());
    }

    Fixture f;
};

TEST_F(Catalog, SpeaksOfHealthAsConsulDoes) {
    const Json answer = parsed(consul_health(entries_of(f.registry, "User-Service", f.at()), "dc1"));
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(answer[0]["Node"]["Address"].string_or(""), "10.0.0.5");
    EXPECT_EQ(answer[0]["Service"]["ID"].string_or(""), "h1:user-service:8080");
    EXPECT_EQ(answer[0]["Service"]["Service"].string_or(""), "user-service");
    EXPECT_EQ(answer[0]["Service"]["Port"].as_int64(), 8080);
    EXPECT_EQ(answer[0]["Service"]["Tags"][0].string_or(""), "zone=a");
    EXPECT_EQ(answer[0]["Checks"][0]["Status"].string_or(""), "passing");
    EXPECT_EQ(answer[0]["Checks"][0]["CheckID"].string_or(""), "service:h1:user-service:8080");
    EXPECT_EQ(consul_health({}, "dc1"), "[]");
    f.clock.advance(91s);
    const Json later = parsed(consul_health(entries_of(f.registry, "user-service", f.at()), "dc1"));
    EXPECT_EQ(later[0]["Checks"][0]["Status"].string_or(""), "critical");
}

TEST_F(Catalog, ListsServicesWithTheirTags) {
    EXPECT_EQ(consul_services(all()), R"({"consul":[],"order-service":[],"user-service":["zone=a"]})");
    EXPECT_EQ(parsed(consul_nodes(all(), "dc1")).size(), 1u);
    const Json service = parsed(consul_service(entries_of(f.registry, "order-service", f.at()), "dc1"));
    EXPECT_EQ(service[0]["ServiceName"].string_or(""), "order-service");
}

TEST_F(Catalog, KnowsWhichChangeConcernsAService) {
    const auto before = f.registry.application_version("USER-SERVICE");
    f.enroll(instance("ORDER_SERVICE", "3"));
    EXPECT_EQ(f.registry.application_version("USER-SERVICE"), before);
    f.registry.cancel("USER-SERVICE", "h1:user-service:8080", f.at());
    EXPECT_GT(f.registry.application_version("USER-SERVICE"), before);
    EXPECT_EQ(f.registry.application_version("NOBODY"), 0u);
}

}  // namespace
}  // namespace flotilla::registry
