#include "flotilla/actuator/health.hpp"

#include <gtest/gtest.h>

#include "flotilla/actuator/availability.hpp"
#include "flotilla/actuator/health_contributors.hpp"

namespace flotilla::actuator {

namespace {

TEST(StatusRules, TheWorstOfTheOrderWins) {
    const StatusRules rules;
    EXPECT_EQ(rules.aggregate({"UP", "UNKNOWN", "DOWN", "OUT_OF_SERVICE"}), "DOWN");
    EXPECT_EQ(rules.aggregate({"UP", "UNKNOWN", "OUT_OF_SERVICE"}), "OUT_OF_SERVICE");
    EXPECT_EQ(rules.aggregate({"UP", "UNKNOWN"}), "UP");
    EXPECT_EQ(rules.aggregate({}), "UNKNOWN");
}

TEST(StatusRules, StatusesOutsideTheOrderDoNotCount) {
    const StatusRules rules;
    EXPECT_EQ(rules.aggregate({"CIRCUIT_OPEN", "UP"}), "UP");
    EXPECT_EQ(rules.aggregate({"CIRCUIT_OPEN"}), "UNKNOWN");
}

TEST(StatusRules, CodesAreComparedWithoutCaseAndPunctuation) {
    StatusRules rules;
    rules.order = {"fatal", "out-of-service", "up"};
    rules.http_mapping = {{"out-of-service", 503}};
    EXPECT_EQ(rules.aggregate({"UP", "OUT_OF_SERVICE"}), "OUT_OF_SERVICE");
    EXPECT_EQ(rules.http_status("OUT_OF_SERVICE"), http::Status::service_unavailable);
}

TEST(ActuatorFacts, F06_AFatalStatusFirstInTheOrderAndMappedGives503AndDownThenGives200) {
    StatusRules rules;
    rules.order = {"FATAL", "DOWN", "OUT_OF_SERVICE", "UP", "UNKNOWN"};
    rules.http_mapping = {{"FATAL", 503}};
    EXPECT_EQ(rules.aggregate({"UP", "DOWN", "FATAL"}), "FATAL");
    EXPECT_EQ(rules.http_status("FATAL"), http::Status::service_unavailable);
    EXPECT_EQ(rules.http_status("DOWN"), http::Status::ok);
}

Health sample() {
    Health db = Health::up(Json::object({{"database", "MariaDB"}}));
    Health inner = Health::unknown();
    inner.description = "Discovery Client not initialized";
    Health health = Health::of({{"discovery", Health::of({{"client", inner}})}, {"db", db}});
    aggregate_tree(health, {});
    return health;
}

TEST(HealthJson, WritesTheTreeSortedByName) {
    EXPECT_EQ(
        health_json(sample(), {.components = true, .details = true}).text(),
        R"({"status":"UP","components":{"db":{"status":"UP","details":{"database":"MariaDB"}},)"
        R"("discovery":{"status":"UNKNOWN","components":{"client":{"status":"UNKNOWN",)"
        R"("description":"Discovery Client not initialized"}}}}})"
    );
}

TEST(HealthJson, HidesComponentsAndDetails) {
    EXPECT_EQ(health_json(sample(), {}).text(), R"({"status":"UP"})");
    EXPECT_EQ(health_json(sample(), {.components = true})["components"]["db"].text(), R"({"status":"UP"})");
}

TEST(ActuatorFacts, F08_VersionTwoNamesComponentsDetailsAtEveryLevel) {
    const Json json =
        health_json(sample(), {.components = true, .details = true, .components_key = "details"});
    EXPECT_FALSE(json.contains("components"));
    EXPECT_EQ(json["details"]["discovery"]["details"]["client"]["status"], Json("UNKNOWN"));
    EXPECT_EQ(json["details"]["db"]["details"]["database"], Json("MariaDB"));
}

TEST(Availability, FollowsThePhasesOfAService) {
    AvailabilityState state;
    const auto both = [&] { return state.liveness_health().status + " " + state.readiness_health().status; };
    EXPECT_EQ(both(), "DOWN OUT_OF_SERVICE");
    state.enter(LifePhase::started);
    EXPECT_EQ(both(), "UP OUT_OF_SERVICE");
    state.enter(LifePhase::ready);
    EXPECT_EQ(both(), "UP UP");
    state.enter(LifePhase::draining);
    EXPECT_EQ(both(), "UP OUT_OF_SERVICE");
}

TEST(DiskSpaceHealth, IsDownBelowTheThresholdAndWithoutThePath) {
    const Health enough = disk_space_health("/", Bytes{1});
    EXPECT_EQ(enough.status, "UP");
    EXPECT_EQ(enough.details["exists"], Json(true));
    EXPECT_GT(enough.details["total"].as_uint64(), 0U);
    EXPECT_EQ(disk_space_health("/", Bytes{std::uint64_t{1} << 62}).status, "DOWN");
    const Health missing = disk_space_health("/no/such/folder");
    EXPECT_EQ(missing.status, "DOWN");
    EXPECT_EQ(missing.details["exists"], Json(false));
}

TEST(CertificateHealth, IsOutOfServiceOnceExpired) {
    using namespace std::chrono_literals;
    const WallTime expires{std::chrono::hours(1000)};
    EXPECT_EQ(certificate_health("CN=a", expires, expires - 10'000h).details["validChains"].size(), 1U);
    EXPECT_EQ(certificate_health("CN=a", expires, expires - 1h).details["expiringChains"].size(), 1U);
    const Health expired = certificate_health("CN=a", expires, expires);
    EXPECT_EQ(expired.status, "OUT_OF_SERVICE");
    EXPECT_EQ(expired.details["invalidChains"].size(), 1U);
}

}  // namespace

}  // namespace flotilla::actuator
