/// Time limiter, cache, fallback, names of errors, events.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "breaker_fixture.hpp"
#include "flotilla/resilience/cache.hpp"
#include "flotilla/resilience/fallback.hpp"
#include "flotilla/resilience/time_limiter.hpp"
#include "flotilla/resilience/timer.hpp"

namespace flotilla::resilience {

namespace {

using testing::ElementsAre;

TEST(TimeLimiter, CountsATimeoutOfTheCallItselfAsOne) {
    TimeLimiter limiter("x", {.timeout_duration = 4s});
    EXPECT_EQ(limiter.deadline(t_zero).at(), t_zero + 4s);
    EXPECT_EQ(limiter.timed_out(t_zero).message(), "TimeLimiter 'x' recorded a timeout exception.");
    limiter.failed(t_zero, Error(Errc::timed_out));
    limiter.failed(t_zero, some_error());
    limiter.succeeded(t_zero);
    EXPECT_EQ(limiter.counts().timeout, 2U);
    EXPECT_EQ(limiter.counts().failed, 1U);
    EXPECT_EQ(limiter.counts().successful, 1U);
}

TEST(Timer, TellsHowLongCallsTookAndHowTheyEnded) {
    struct Ended final : TimerObserver {
        void call_ended(Duration took, const Error* error) noexcept override {
            calls.emplace_back(took, error ? name_of(*error) : "");
        }

        std::vector<std::pair<Duration, std::string>> calls;
    };

    Timer timer("x");
    const auto ended = std::make_shared<Ended>();
    timer.observe(ended);
    timer.events().keep(10);
    const TimePoint began = timer.start(t_zero);
    EXPECT_EQ(began, t_zero);
    timer.succeeded(began, t_zero + 2ms);
    timer.failed(began, t_zero + 3ms, Error(Errc::timed_out));
    timer.failed(began, t_zero + 4ms, Error(std::error_code(7, std::system_category())));
    std::ignore = timer.start(t_zero + 5ms);
    using Call = std::pair<Duration, std::string>;
    EXPECT_THAT(ended->calls, ElementsAre(Call(2ms, ""), Call(3ms, "timed_out"), Call(4ms, "system.7")));
    std::vector<EventType> types;
    for (const Event& event : timer.events().recent()) types.push_back(event.type);
    EXPECT_THAT(
        types,
        ElementsAre(
            EventType::start, EventType::success, EventType::failure, EventType::failure, EventType::start
        )
    );
}

TEST(Cache, AsksOnceAndKeepsWhatSucceeded) {
    auto store = std::make_shared<LruStore<std::string, int>>(2, 10s);
    Cache<std::string, int> cache("x", store);
    int calls = 0;
    const auto work = [&]() -> Result<int> { return ++calls; };
    EXPECT_EQ(*cache.get("a", t_zero, work), 1);
    EXPECT_EQ(*cache.get("a", t_zero, work), 1);
    EXPECT_EQ(*cache.get("a", t_zero + 10s, work), 2) << "too old";
    const auto failing = [&]() -> Result<int> {
        ++calls;
        return fail(Errc::unavailable);
    };
    EXPECT_FALSE(cache.get("b", t_zero + 10s, failing));
    EXPECT_EQ(calls, 3) << "not called a second time";
    EXPECT_EQ(cache.counts().hits, 1U);
    EXPECT_EQ(cache.counts().misses, 3U);
    cache.store("b", 1, t_zero + 10s);
    std::ignore = cache.find("a", t_zero + 10s);
    cache.store("c", 1, t_zero + 10s);
    EXPECT_FALSE(cache.find("b", t_zero + 10s)) << "used the longest ago";
    EXPECT_EQ(store->size(), 2U);
}

TEST(Cache, ItsFailuresAreNotThoseOfTheCall) {
    struct Broken final : CacheStore<int, int> {
        Result<std::optional<int>> find(const int&, TimePoint) override { return fail(Errc::io, "gone"); }

        Result<void> store(const int&, const int&, TimePoint) override { throw std::runtime_error("gone"); }
    };

    Cache<int, int> cache("x", std::make_shared<Broken>());
    EXPECT_EQ(*cache.get(1, t_zero, [] { return Result<int>(7); }), 7);
    EXPECT_EQ(cache.counts().errors, 2U);
}

TEST(Fallback, AsksTheHandlerThatFitsTheClosest) {
    Fallback<std::string> fallback;
    const auto says = [](std::string text) {
        return [text = std::move(text)](const Error&) { return Result<std::string>(text); };
    };
    fallback.on(*ErrorMatcher::of({"flotilla"}), says("any of base"))
        .on(*ErrorMatcher::of({"not_found"}), says("nothing there"));
    EXPECT_EQ(*fallback.recover(Error(Errc::not_found)), "nothing there");
    EXPECT_EQ(*fallback.recover(Error(Errc::refused)), "any of base");
    const Error refusal(ResilienceErrc::call_not_permitted);
    EXPECT_EQ(fallback.recover(refusal).error(), refusal) << "none fits: the error itself";
    fallback.otherwise([](const Error&) -> Result<std::string> { return fail(Errc::io, "disk gone"); });
    const auto failed = fallback.recover(refusal);
    EXPECT_EQ(failed.error().code(), Errc::io);
    EXPECT_EQ(failed.error().message(), "disk gone (after: call not permitted by the circuit breaker)");
    EXPECT_EQ(no_fallback(some_error()).message(), "No fallback available. (after: connection refused)");
}

TEST(ErrorMatcher, KnowsNamesCategoriesHundredsAndJavasClasses) {
    const auto matches = [](const char* name, const Error& error) {
        const auto matcher = ErrorMatcher::of({name});
        return matcher && matcher->matches(error);
    };
    EXPECT_TRUE(matches("timed-out", Error(Errc::timed_out)));
    EXPECT_TRUE(matches("flotilla.timed_out", Error(Errc::timed_out)));
    EXPECT_FALSE(matches("resilience.timed_out", Error(Errc::timed_out)));
    EXPECT_TRUE(matches("resilience", Error(ResilienceErrc::bulkhead_full)));
    EXPECT_TRUE(matches("java.util.concurrent.TimeoutException", Error(ResilienceErrc::time_limit_exceeded)));
    EXPECT_TRUE(matches("java.io.IOException", Error(Errc::refused)));
    EXPECT_FALSE(matches("java.io.IOException", Error(Errc::not_found)));
    EXPECT_TRUE(matches("java.lang.Exception", Error(Errc::not_found)));
    EXPECT_TRUE(matches("generic.4xx", Error(std::error_code(404, std::generic_category()))));
    EXPECT_FALSE(matches("generic.5xx", Error(std::error_code(404, std::generic_category()))));
    EXPECT_TRUE(matches("generic.404", Error(std::error_code(404, std::generic_category()))));
    const auto http = ErrorMatcher::of({"feign.FeignException$NotFound", "http.5xx"});
    EXPECT_TRUE(http->matches("http", 404));
    EXPECT_TRUE(http->matches("http", 599));
    EXPECT_FALSE(http->matches("http", 400));
    for (const char* wrong : {"", "com.example.MyException", "http.abc", "http.", ".5xx", "bad name"}) {
        const auto refused = ErrorMatcher::of({wrong});
        ASSERT_FALSE(refused) << wrong;
        EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
    }
}

TEST(Events, GeneralConsumersComeBeforeTypedOnesAndAThrowingOneEndsTheDelivery) {
    Events events("x");
    std::vector<int> calls;
    EXPECT_FALSE(events.wanted(EventType::success));
    events.subscribe(EventType::error, [&](const Event&) { calls.push_back(2); });
    EXPECT_FALSE(events.wanted(EventType::success));
    EXPECT_TRUE(events.wanted(EventType::error));
    events.subscribe([&](const Event&) { calls.push_back(1); });
    events.publish({.type = EventType::error});
    EXPECT_THAT(calls, ElementsAre(1, 2));
    events.subscribe([](const Event&) { throw std::runtime_error("bug"); });
    events.publish({.type = EventType::error});
    EXPECT_THAT(calls, ElementsAre(1, 2, 1));
    EXPECT_EQ(events.consumer_failures(), 1U);
}

TEST(Events, KeepsTheLastOnesWhileManyThreadsPublish) {
    Events events("x");
    events.keep(100);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int event = 0; event < 5000; ++event) {
                events.publish({.type = EventType::error, .message = "a text that is not kept in place"});
                if (event % 100 == 0) std::ignore = events.recent();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(events.published(), 20'000U);
    for (std::uint32_t number = 0; number < 150; ++number) {
        events.publish({.type = EventType::retry, .attempts = number});
    }
    const auto recent = events.recent();
    ASSERT_EQ(recent.size(), 100U);
    for (std::size_t i = 0; i < recent.size(); ++i) EXPECT_EQ(recent[i].attempts, i + 50);
}

}  // namespace

}  // namespace flotilla::resilience
