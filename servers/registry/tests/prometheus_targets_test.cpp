#include "flotilla/registry/prometheus_targets.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::registry {
namespace {

using namespace testing;
using reflect::Json;

class PrometheusTargets : public ::testing::Test {
protected:
    [[nodiscard]] Json targets(const TargetQuery& query = {}) {
        return reflect::parse_json(text(query)).value();
    }

    [[nodiscard]] std::string text(const TargetQuery& query = {}) {
        return prometheus_targets(f.registry.catalog([](std::string_view) { return true; }, f.at()), query);
    }

    /// `a:1, b:1`
    [[nodiscard]] std::string ids(const TargetQuery& query = {}) {
        std::string all;
        const Json groups = targets(query);
        for (const Json& group : groups.elements())
            all += std::string(all.empty() ? "" : " ") +
                   std::string(group["labels"]["instance_id"].string_or(""));
        return all;
    }

    /// The labels of the only one.
    [[nodiscard]] Json labels_with(eureka::Metadata metadata) {
        InstanceInfo info = instance("USER_SERVICE", "user-service:8f3a");
        info.metadata = std::move(metadata);
        f.enroll(std::move(info));
        const Json all = targets();
        EXPECT_EQ(all.size(), 1U);
        return all[0]["labels"];
    }

    Fixture f;
};

TEST_F(PrometheusTargets, AreAsTheSpecificationWritesThem) {
    EXPECT_EQ(text(), "[]");
    f.enroll(instance("USER_SERVICE", "user-service:8f3a"));
    EXPECT_EQ(
        text(),
        R"([{"targets":["10.0.0.5:8080"],"labels":{"__metrics_path__":"/actuator/prometheus","__scheme__":"http",)"
        R"("job":"user-service","application":"user-service","instance_id":"user-service:8f3a",)"
        R"("zone":"defaultZone","__meta_flotilla_status":"UP"}}])"
    );
}

TEST_F(PrometheusTargets, AreThoseThatAreNotDown) {
    using enum InstanceStatus;
    for (const auto& [id, status] :
         {std::pair("up", up),
          std::pair("starting", starting),
          std::pair("out", out_of_service),
          std::pair("down", down),
          std::pair("unknown", unknown)})
        f.enroll(with_status(instance("A", id), status));
    EXPECT_EQ(ids(), "out starting up");
    EXPECT_EQ(ids({.any_status = true}), "down out starting unknown up");
    EXPECT_EQ(targets()[0]["labels"]["__meta_flotilla_status"].string_or(""), "OUT_OF_SERVICE");
    f.clock.advance(1h);
    EXPECT_EQ(ids(), "out starting up") << "until they are evicted";
}

TEST_F(PrometheusTargets, CanBeChosenByServiceAndZone) {
    InstanceInfo info = instance("ORDER_SERVICE", "1");
    info.metadata = {{"zone", "z1"}};
    f.enroll(info);
    f.enroll(instance("USER-SERVICE", "2"));
    EXPECT_EQ(ids({.app = "order-service"}), "1");
    EXPECT_EQ(ids({.app = "Order_Service"}), "1");
    EXPECT_EQ(ids({.app = "nobody"}), "");
    EXPECT_EQ(ids({.zone = "z1"}), "1");
    EXPECT_EQ(ids({.zone = "defaultZone"}), "2");
    EXPECT_EQ(ids({.app = "user-service", .zone = "z1"}), "");
}

TEST_F(PrometheusTargets, AreSorted) {
    for (const char* app : {"B", "A"})
        for (const char* id : {"2", "1"}) {
            InstanceInfo info = instance(app, std::string(app) + id);
            info.port = {id[0] == '1' ? 9001 : 9002, true};
            f.enroll(info);
        }
    EXPECT_EQ(ids(), "A1 A2 B1 B2");
}

TEST_F(PrometheusTargets, AreScrapedWhereTheySay) {
    EXPECT_EQ(labels_with({{"prometheus.path", "/m"}})["__metrics_path__"].string_or(""), "/m");
    EXPECT_EQ(labels_with({{"prometheus.path", "m"}})["__metrics_path__"].string_or(""), "/m");
    const Json moved = labels_with({{"management.context-path", "/manage/"}});
    EXPECT_EQ(moved["__metrics_path__"].string_or(""), "/manage/actuator/prometheus");
    EXPECT_EQ(
        labels_with({{"management.context-path", "/"}})["__metrics_path__"].string_or(""),
        "/actuator/prometheus"
    );
    (void)labels_with({{"management.port", "9090"}});
    EXPECT_EQ(targets()[0]["targets"][0].string_or(""), "10.0.0.5:9090");
    for (const char* wrong : {"", "0", "-1", "x", "70000", "9090/x"}) {
        (void)labels_with({{"management.port", wrong}});
        EXPECT_EQ(targets()[0]["targets"][0].string_or(""), "10.0.0.5:8080") << wrong;
    }
}

TEST_F(PrometheusTargets, OfTlsAloneAreScrapedWithIt) {
    InstanceInfo info = instance("A", "1");
    info.ip_addr = "fe80::1";
    info.port = {8080, false};
    info.secure_port = {8443, true};
    f.enroll(info);
    EXPECT_EQ(targets()[0]["labels"]["__scheme__"].string_or(""), "https");
    EXPECT_EQ(targets()[0]["targets"][0].string_or(""), "[fe80::1]:8443");
}

TEST_F(PrometheusTargets, CarryLabelsOfTheirOwnWhosePrometheusTakesTheName) {
    const Json labels = labels_with(
        {{"prometheus.label.team", "crew"},
         {"prometheus.label.job", "users"},
         {"prometheus.label.a-b", "1"},
         {"prometheus.label.__scrape_interval__", "1ms"},
         {"prometheus.label.9a", "1"},
         {"prometheus.label.", "1"},
         {"prometheus.label", "1"}}
    );
    EXPECT_EQ(labels["team"].string_or(""), "crew");
    EXPECT_EQ(labels["job"].string_or(""), "users");
    EXPECT_EQ(labels.size(), 8U);
}

}  // namespace
}  // namespace flotilla::registry
