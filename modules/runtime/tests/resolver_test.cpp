#include "flotilla/runtime/resolver.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::runtime {

namespace {

using namespace std::chrono_literals;

TEST(Resolver, AsksOnceUntilTheAnswerExpires) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        std::atomic<int> asked = 0;
        const Resolver::Lookup lookup = [&](const std::string& host) -> Result<std::vector<Endpoint>> {
            ++asked;
            if (host == "order") return std::vector{Endpoint::parse("10.0.0.7", 0).value()};
            return fail(Errc::not_found, "no such host");
        };
        Resolver resolver(runtime, {.time_to_live = 1h, .negative_time_to_live = 1h, .capacity = 2}, lookup);
        EXPECT_EQ((co_await resolver.resolve("order", 81)).value().front().text(), "10.0.0.7:81");
        EXPECT_EQ((co_await resolver.resolve("order", 82)).value().front().text(), "10.0.0.7:82");
        EXPECT_EQ(asked, 1);
        EXPECT_EQ((co_await resolver.resolve("nope", 1)).error().code(), Errc::not_found);
        EXPECT_EQ((co_await resolver.resolve("nope", 1)).error().code(), Errc::not_found);
        EXPECT_EQ(asked, 2);
        (void)co_await resolver.resolve("third", 1);
        (void)co_await resolver.resolve("order", 1);  // the least recently used had to leave
        EXPECT_EQ(asked, 4);
    });
}

TEST(Resolver, AsksOnceForAllWhoWaitAndKeepsEachOnesDeadline) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        TaskScope scope(runtime.loop(0));
        std::atomic<bool> answer = false;
        std::atomic<int> asked = 0;
        const Resolver::Lookup lookup = [&](const std::string&) -> Result<std::vector<Endpoint>> {
            ++asked;
            answer.wait(false);
            return std::vector{Endpoint::parse("10.0.0.7", 0).value()};
        };
        Resolver resolver(runtime, {}, lookup);
        int found = 0;
        static constexpr auto ask = [](Resolver& r, int& count) -> Task<> {
            if (const auto done = co_await r.resolve("order", 1); done) ++count;
        };
        scope.spawn("one", ask(resolver, found));
        scope.spawn("two", ask(resolver, found));
        const auto deadline = Deadline::after(runtime.clock().now(), 5ms);
        EXPECT_EQ((co_await resolver.resolve("order", 1, deadline)).error().code(), Errc::timed_out);
        answer = true;
        answer.notify_all();
        (void)co_await scope.drain({});
        EXPECT_EQ(found, 2);
        EXPECT_EQ(asked, 1);
    });
}

TEST(Resolver, NumericAddressesAreAnsweredWithoutAsking) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        Resolver resolver(runtime, {}, [](const std::string&) -> Result<std::vector<Endpoint>> {
            return fail(Errc::internal);
        });
        EXPECT_EQ((co_await resolver.resolve("::1", 80)).value().front().text(), "[::1]:80");
    });
}

}  // namespace

}  // namespace flotilla::runtime
