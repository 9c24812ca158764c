#include "flotilla/shop/order/shared_lookup.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <vector>

#include "flotilla/runtime/task_scope.hpp"
#include "run_on_loop.hpp"

namespace flotilla::shop::order {
namespace {

using namespace std::chrono_literals;
using Facts = std::expected<ProductFacts, NoFacts>;

/// Sees what is in stock when it begins to look, and answers while its door is open.
class Door final : public ProductLookup {
public:
    Task<Facts> look_up(const std::string& product_id) override {
        ++asked[product_id];
        came.notify_all();
        const Facts seen = away ? Facts(std::unexpected(NoFacts::unavailable)) : ProductFacts{.stock = stock};
        while (!open) co_await opened.wait();
        co_return seen;
    }

    void let_go() {
        open = true;
        opened.notify_all();
    }

    std::map<std::string, int> asked;
    std::int64_t stock = 1;
    bool away = false;
    bool open = false;
    runtime::Signal opened;
    runtime::Signal came;
};

/// Those who look at the same moment.
struct Crowd {
    explicit Crowd(runtime::EventLoop& loop) : scope(loop) {}

    void look(std::string product_id = "a") {
        seen.emplace_back(std::unexpected(NoFacts::unknown_product));
        scope.spawn("look", one(*this, seen.size() - 1, std::move(product_id)));
    }

    static Task<> one(Crowd& crowd, std::size_t place, std::string product_id) {
        const Facts facts = co_await crowd.shared.look_up(product_id);
        crowd.seen[place] = facts;
    }

    Task<> end() {
        const auto left = co_await scope.drain(Deadline::after(Clock::system().now(), 10s));
        EXPECT_EQ(left, 0U);
    }

    Door door;
    SharedLookup shared{door};
    std::vector<Facts> seen;
    runtime::TaskScope scope;
};

void with_crowd(Task<> (*body)(Crowd&)) {
    test_support::run_on_loop([body](runtime::Runtime& runtime) -> Task<> {
        Crowd crowd(runtime.loop(0));
        co_await body(crowd);
        co_await crowd.scope.stop();
    });
}

TEST(SharedLookup, WhoIsAloneLooksAtOnce) {
    with_crowd([](Crowd& crowd) -> Task<> {
        crowd.door.let_go();
        const std::string product = "a";
        for (int time = 1; time <= 3; ++time) {
            crowd.door.stock = time;
            const Facts facts = co_await crowd.shared.look_up(product);
            EXPECT_EQ(facts->stock, time);
            EXPECT_EQ(crowd.door.asked["a"], time);
        }
    });
}

TEST(SharedLookup, WhoComesMeanwhileSharesALookThatBeginsAfterHeCame) {
    with_crowd([](Crowd& crowd) -> Task<> {
        crowd.look();
        for (int i = 0; i < 9; ++i) crowd.look();
        crowd.look("b");
        EXPECT_EQ(crowd.door.asked["a"], 1);
        EXPECT_EQ(crowd.door.asked["b"], 1) << "another product is another matter";
        crowd.door.stock = 2;
        crowd.door.let_go();
        co_await crowd.end();
        EXPECT_EQ(crowd.door.asked["a"], 2);
        EXPECT_EQ(crowd.seen[0]->stock, 1);
        for (std::size_t i = 1; i < 10; ++i) EXPECT_EQ(crowd.seen[i]->stock, 2) << i;
    });
}

TEST(SharedLookup, WhatCannotBeSeenEachTriesForHimself) {
    with_crowd([](Crowd& crowd) -> Task<> {
        crowd.door.away = true;
        for (int i = 0; i < 4; ++i) crowd.look();
        crowd.door.let_go();
        co_await crowd.end();
        EXPECT_EQ(crowd.door.asked["a"], 4);
        for (const Facts& facts : crowd.seen) EXPECT_EQ(facts.error(), NoFacts::unavailable);
    });
}

TEST(SharedLookup, WhoeverGivesUpIsInNobodysWay) {
    with_crowd([](Crowd& crowd) -> Task<> {
        std::vector<runtime::TaskCancel> ways_out;
        crowd.seen.emplace_back(std::unexpected(NoFacts::unknown_product));
        for (int i = 0; i < 3; ++i) {
            crowd.scope.spawn("gives up", [&](runtime::TaskCancel cancel) {
                ways_out.push_back(cancel);
                return Crowd::one(crowd, 0, "a");
            });
        }
        crowd.look();
        crowd.look();
        // The one who looks, and the one who would look next.
        ways_out[1]();
        ways_out[0]();
        crowd.door.let_go();
        co_await crowd.end();
        for (const Facts& facts : crowd.seen) EXPECT_TRUE(facts);
    });
}

TEST(SharedLookup, WhoHasWaitedForLongLooksByHimself) {
    with_crowd([](Crowd& crowd) -> Task<> {
        crowd.look();
        crowd.look();
        EXPECT_EQ(crowd.door.asked["a"], 1);
        while (crowd.door.asked["a"] == 1) co_await crowd.door.came.wait();
        crowd.door.let_go();
        co_await crowd.end();
        for (const Facts& facts : crowd.seen) EXPECT_TRUE(facts);
    });
}

/// Answers after a moment.
class Slow final : public ProductLookup {
public:
    Task<Facts> look_up(const std::string& product_id) override {
        ++asked;
        co_await runtime::yield();
        if (product_id == "none") co_return std::unexpected(NoFacts::unknown_product);
        co_return ProductFacts{.stock = 1};
    }

    std::atomic<int> asked{0};
};

Task<> look_often(SharedLookup& shared, std::atomic<int>& good) {
    const std::string there = "there";
    const std::string none = "none";
    for (int i = 0; i < 100; ++i) {
        const Facts facts = co_await shared.look_up(there);
        const Facts nothing = co_await shared.look_up(none);
        if (facts && !nothing && nothing.error() == NoFacts::unknown_product) ++good;
    }
}

Task<> look_from_here(SharedLookup& shared, std::atomic<int>& good) {
    runtime::TaskScope scope(runtime::EventLoop::current());
    for (int i = 0; i < 10; ++i) scope.spawn("look", look_often(shared, good));
    co_await scope.drain(Deadline::after(Clock::system().now(), 20s));
}

TEST(SharedLookup, ServesAllLoops) {
    test_support::run_on_loop(
        [](runtime::Runtime& runtime) -> Task<> {
            Slow slow;
            SharedLookup shared(slow);
            std::atomic<int> good{0};
            runtime::TaskScope scope(runtime.loop(0));
            for (std::size_t i = 0; i < runtime.size(); ++i) {
                std::function<Task<void>()> there = [&] { return look_from_here(shared, good); };
                scope.spawn("there", runtime.on<void>(runtime.loop(i), std::move(there)));
            }
            co_await scope.drain(Deadline::after(Clock::system().now(), 20s));
            EXPECT_EQ(good, 3 * 10 * 100);
            EXPECT_LT(slow.asked, 2 * 3 * 10 * 100);
        },
        3
    );
}

}  // namespace
}  // namespace flotilla::shop::order
