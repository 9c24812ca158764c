#include "flotilla/metrics/observation.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "samples.hpp"

namespace shop {
struct OutOfStock : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class T>
struct Wrapped {};
}  // namespace shop

namespace flotilla::metrics {
namespace {

using namespace std::chrono_literals;

TEST(Observation, HasATimerAnActiveGaugeAndEventCounters) {
    ManualClock clock;
    Registry registry({}, clock);
    {
        Observation observation(registry, "order.place", {{"kind", "web"}});
        observation.event("retried");
        clock.advance(2s);
        EXPECT_EQ(value_after(registry.scrape(), "order_place_active_seconds_count{kind=\"web\"}"), "1");
        observation.tag("result", "ok");
        observation.error("OutOfStock");
    }
    const std::string text = registry.scrape();
    EXPECT_EQ(value_after(text, "order_place_active_seconds_count{kind=\"web\"}"), "0");
    EXPECT_EQ(
        value_after(text, "order_place_seconds_sum{error=\"OutOfStock\",kind=\"web\",result=\"ok\"}"), "2.0"
    );
    EXPECT_EQ(value_after(text, "order_place_retried_total{kind=\"web\"}"), "1.0");
}

TEST(Observation, LongTaskTimersCanBeSwitchedOff) {
    Registry registry({.long_task_timers = false});
    {
        const Observation observation(registry, "x");
    }
    EXPECT_EQ(registry.names(), (std::vector<std::string>{"x"}));
}

TEST(Timed, TellsExceptionsApart) {
    ManualClock clock;
    Registry registry({}, clock);
    const TimedOptions options{"shop.Order", "place"};
    EXPECT_EQ(timed(registry, options, [&] { return clock.advance(1s), 5; }), 5);
    EXPECT_THROW(timed(registry, options, [] { throw shop::OutOfStock("x"); }), shop::OutOfStock);
    const std::string text = registry.scrape();
    EXPECT_EQ(
        value_after(text, R"(method_timed_seconds_sum{class="shop.Order",exception="none",method="place"})"),
        "1.0"
    );
    EXPECT_EQ(
        value_after(
            text, R"(method_timed_seconds_count{class="shop.Order",exception="OutOfStock",method="place"})"
        ),
        "1"
    );
}

TEST(Timed, ALongTaskHasNoExceptionTag) {
    Registry registry;
    timed(registry, {.class_name = "a", .method = "b", .name = "long", .long_task = true}, [&] {
        EXPECT_EQ(value_after(registry.scrape(), R"(long_seconds_count{class="a",method="b"})"), "1");
    });
    EXPECT_EQ(value_after(registry.scrape(), R"(long_seconds_count{class="a",method="b"})"), "0");
}

TEST(TypeNames, AreTheLastPart) {
    EXPECT_EQ(simple_type_name(typeid(shop::OutOfStock)), "OutOfStock");
    EXPECT_EQ(simple_type_name(typeid(shop::Wrapped<shop::OutOfStock>)), "Wrapped");
    EXPECT_EQ(current_exception_name(), "none");
}

}  // namespace
}  // namespace flotilla::metrics
