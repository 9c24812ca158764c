#include "flotilla/shop/faults.hpp"

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
#include "run_on_loop.hpp"

namespace flotilla::shop {
namespace {

using reflect::Json;

struct Flags {
    explicit Flags(std::vector<std::pair<std::string, Json>> properties)
        : environment(config::Environment::of(properties)) {}

    Result<std::unique_ptr<Faults>> load() {
        return Faults::load(environment, &FaultConfig::order, log.logger("faults"), [this](bool fails) {
            readiness_fails = fails;
        });
    }

    log::CapturedLog log;
    config::Environment environment;
    bool readiness_fails = false;
};

TEST(Faults, ThereAreNoneUnlessSomebodyAsks) {
    Flags flags({});
    EXPECT_FALSE(flags.load().value()->armed());
}

TEST(Faults, ThoseOfAnotherServiceAreNotOurs) {
    Flags flags({{"shop.fault.catalog.get.delay-ms", 10'000}});
    EXPECT_FALSE(flags.load().value()->armed());
}

TEST(Faults, StrikeAtTheRateThatIsSetAndOnlyThatProduct) {
    Flags flags({{"shop.fault.order.get.error-rate", 1}, {"shop.fault.order.get.product-id", "CATALOG-002"}});
    const auto faults = flags.load().value();
    ASSERT_TRUE(faults->armed());
    test_support::run_on_loop([&](runtime::Runtime&) -> Task<> {
        const std::string get = "get";
        const std::string other = "CATALOG-001";
        const std::string struck = "CATALOG-002";
        const auto spared = co_await faults->strike(get, other);
        EXPECT_FALSE(spared);
        const auto hit = co_await faults->strike(get, struck);
        EXPECT_TRUE(hit);
        if (hit) EXPECT_EQ(hit->status(), http::Status::internal_server_error);
        const std::string post = "post";
        const auto elsewhere = co_await faults->strike(post, struck);
        EXPECT_FALSE(elsewhere);
    });
}

TEST(Faults, ChangeAtRunTime) {
    Flags flags({});
    const auto faults = flags.load().value();
    ASSERT_TRUE(flags.environment.set_at_run_time(
        {{"shop.fault.order.get.delay-ms", "250"}, {"shop.fault.readiness", "true"}}
    ));
    EXPECT_TRUE(faults->armed());
    EXPECT_EQ(faults->of("get")->delay_ms, 250);
    EXPECT_TRUE(flags.readiness_fails);
    ASSERT_TRUE(flags.environment.set_at_run_time(
        {{"shop.fault.order.get.delay-ms", nullptr}, {"shop.fault.readiness", nullptr}}
    ));
    EXPECT_FALSE(faults->armed());
    EXPECT_FALSE(flags.readiness_fails);
}

TEST(Faults, AMistakeIsRefusedAtTheStartAndLeftOutLater) {
    Flags mistaken({{"shop.fault.order.get.error-rate", 2}});
    EXPECT_FALSE(mistaken.load());
    Flags flags({});
    const auto faults = flags.load().value();
    ASSERT_TRUE(flags.environment.set_at_run_time({{"shop.fault.order.get.dealy-ms", 1}}));
    EXPECT_FALSE(faults->armed());
    EXPECT_EQ(flags.log.count_of("is left out"), 1U);
}

}  // namespace
}  // namespace flotilla::shop
