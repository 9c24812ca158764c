#include "flotilla/shop/order/order_repository.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <ranges>
#include <tuple>

#include "flotilla/runtime/task_scope.hpp"
#include "order_fixture.hpp"
#include "run_on_loop.hpp"

namespace flotilla::shop::order {
namespace {

Order order(std::string id, WallTime created) {
    return {
        .order_id = std::move(id),
        .user_id = "u1",
        .product_id = "CATALOG-001",
        .qty = 1,
        .created_at = created,
        .instance_id = "order-service:1",
    };
}

KeyRow key_for(std::string order_id, WallTime now) {
    return {
        .user_id = "u1",
        .idem_key = "k1",
        .body_sha256 = std::string(64, 'a'),
        .order_id = std::move(order_id),
        .expires_at = now + 24h,
    };
}

TEST(OrderRepository, KeepsAnOrderAsItWas) {
    with_orders([](OrderFixture& shop) -> Task<> {
        Order written = order("o1", shop.clock.wall_now());
        written.reason = reason::unpriced;
        const std::optional<KeyRow> none;
        const auto inserted = co_await shop.orders.insert(written, none, false);
        EXPECT_TRUE(inserted.value_or(false));
        const std::string id = "o1";
        const auto read = co_await shop.orders.find(id);
        EXPECT_EQ(read->value().created_at, written.created_at);
        EXPECT_EQ(read->value().reason, written.reason);
        EXPECT_EQ(read->value().instance_id, written.instance_id);
        EXPECT_EQ(read->value().status, OrderStatus::pending);
    });
}

TEST(OrderRepository, S30_OneKeyLetsOneOrderIn) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const WallTime now = shop.clock.wall_now();
        const Order first = order("o1", now);
        const Order second = order("o2", now);
        const std::optional<KeyRow> key = key_for("o1", now);
        const std::optional<KeyRow> same = key_for("o2", now);
        const auto one = co_await shop.orders.insert(first, key, false);
        EXPECT_TRUE(one.value_or(false));
        const auto two = co_await shop.orders.insert(second, same, false);
        EXPECT_FALSE(two.value_or(true));
        const auto rows = co_await shop.all();
        EXPECT_EQ(rows.size(), 1U);
        // One that has expired makes room; one that has not stays, whoever believes otherwise.
        const auto believed = co_await shop.orders.insert(second, same, true);
        EXPECT_FALSE(believed.value_or(true));
        Order later = order("o3", now + 25h);
        const std::optional<KeyRow> fresh = key_for("o3", now + 25h);
        const auto replaced = co_await shop.orders.insert(later, fresh, true);
        EXPECT_TRUE(replaced.value_or(false));
    });
}

TEST(OrderRepository, AnOrderAdvancesFromTheVersionThatWasRead) {
    with_orders([](OrderFixture& shop) -> Task<> {
        Order next = order("o1", shop.clock.wall_now());
        const std::optional<KeyRow> key = key_for("o1", shop.clock.wall_now());
        co_await shop.orders.insert(next, key, false);
        next.status = OrderStatus::confirmed;
        next.version = 1;
        const std::optional<StoredAnswer> answer = StoredAnswer{201, "first"};
        const auto first = co_await shop.orders.advance(next, answer);
        EXPECT_TRUE(first.value_or(false));
        next.status = OrderStatus::rejected;
        const std::optional<StoredAnswer> other = StoredAnswer{409, "second"};
        const auto second = co_await shop.orders.advance(next, other);
        EXPECT_FALSE(second.value_or(true));
        const std::string user = "u1";
        const std::string name = "k1";
        const auto row = co_await shop.orders.find_key(user, name);
        EXPECT_EQ(row->value().state, KeyState::done);
        EXPECT_EQ(row->value().response, "first");
        EXPECT_EQ(row->value().status, 201);
    });
}

/// Orders that come, and go on, at the same moment.
class Rush {
public:
    Rush(OrderFixture& shop, runtime::EventLoop& loop)
        : shop_(shop), loop_(loop), scope_(std::make_unique<runtime::TaskScope>(loop)) {}

    void place(Order order, std::optional<KeyRow> key) {
        scope_->spawn("place", placed(*this, std::move(order), std::move(key)));
    }

    void advance(Order order) { scope_->spawn("advance", advanced(*this, std::move(order))); }

    Task<> end() {
        const auto left = co_await scope_->drain(Deadline::after(Clock::system().now(), 10s));
        EXPECT_EQ(left, 0U);
        scope_ = std::make_unique<runtime::TaskScope>(loop_);
    }

    std::map<std::string, bool> outcomes;

private:
    static Task<> placed(Rush& rush, Order order, std::optional<KeyRow> key) {
        const std::string id = order.order_id;
        const auto done = co_await rush.shop_.orders.insert(std::move(order), std::move(key), false);
        EXPECT_TRUE(done) << (done ? "" : done.error().message());
        rush.outcomes[id] = done.value_or(false);
    }

    static Task<> advanced(Rush& rush, Order order) {
        const std::string id = order.order_id;
        std::optional<StoredAnswer> answer = StoredAnswer{201, id};
        const auto done = co_await rush.shop_.orders.advance(std::move(order), std::move(answer));
        EXPECT_TRUE(done) << (done ? "" : done.error().message());
        rush.outcomes[id] = done.value_or(false);
    }

    OrderFixture& shop_;
    runtime::EventLoop& loop_;
    std::unique_ptr<runtime::TaskScope> scope_;
};

TEST(OrderRepository, S30_OfThoseWhoComeAtOnceWithOneKeyOneGetsIn) {
    for (const int distinct : {20, 7}) {
        with_orders([distinct](OrderFixture& shop) -> Task<> {
            const WallTime now = shop.clock.wall_now();
            Rush rush(shop, runtime::EventLoop::current());
            for (int i = 0; i < 20; ++i) {
                const std::string id = "o" + std::to_string(i);
                KeyRow key = key_for(id, now);
                key.idem_key = "k" + std::to_string(i % distinct);
                rush.place(order(id, now), key);
            }
            co_await rush.end();
            const auto taken = std::ranges::count(rush.outcomes | std::views::values, true);
            EXPECT_EQ(taken, distinct);
            const auto rows = co_await shop.all();
            EXPECT_EQ(rows.size(), static_cast<std::size_t>(distinct));
            for (const Order& row : rows) EXPECT_TRUE(rush.outcomes[row.order_id]);
        });
    }
}

TEST(OrderRepository, ThoseThatGoOnAtOnceGoOnEachFromItsVersion) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const WallTime now = shop.clock.wall_now();
        Rush rush(shop, runtime::EventLoop::current());
        for (int i = 0; i < 20; ++i) {
            const std::string id = "o" + std::to_string(i);
            KeyRow key = key_for(id, now);
            key.idem_key = id;
            rush.place(order(id, now), key);
        }
        co_await rush.end();
        // The second time each tenth comes from a version that it does not have.
        for (int step = 1; step <= 2; ++step) {
            for (int i = 0; i < 20; ++i) {
                Order next = order("o" + std::to_string(i), now);
                next.status = step == 1 ? OrderStatus::pending : OrderStatus::confirmed;
                next.version = step == 2 && i % 10 == 9 ? 7 : step;
                rush.advance(next);
            }
            co_await rush.end();
        }
        for (int i = 0; i < 20; ++i) {
            const std::string id = "o" + std::to_string(i);
            EXPECT_EQ(rush.outcomes[id], i % 10 != 9) << id;
            const auto row = co_await shop.orders.find(id);
            EXPECT_EQ(row->value().version, i % 10 == 9 ? 1 : 2);
            const std::string user = "u1";
            const auto key = co_await shop.orders.find_key(user, id);
            EXPECT_EQ(key->value().response, id);
        }
    });
}

TEST(OrderRepository, FindsWhatNobodyFinishes) {
    with_orders([](OrderFixture& shop) -> Task<> {
        const WallTime now = shop.clock.wall_now();
        const std::optional<KeyRow> none;
        for (const auto& [id, status, age] : std::vector<std::tuple<std::string, OrderStatus, Duration>>{
                 {"old", OrderStatus::pending, 10s},
                 {"young", OrderStatus::pending, 1s},
                 {"done", OrderStatus::confirmed, 10s},
                 {"leaving", OrderStatus::cancelling, 0s},
             }) {
            Order each = order(id, now - age);
            each.status = status;
            co_await shop.orders.insert(each, none, false);
        }
        const auto unsettled = co_await shop.orders.unsettled(now - 5s, 10);
        EXPECT_EQ(unsettled->size(), 2U);
        EXPECT_EQ(unsettled->at(0).order_id, "old");
        EXPECT_EQ(unsettled->at(1).order_id, "leaving");
    });
}

// Two instances over one file: what one has written the other reads (S16).
TEST(OrderRepository, S16_TwoInstancesShareOneDatabase) {
    test_support::run_on_loop([](runtime::Runtime& runtime) -> Task<> {
        DatabaseFolder folder;
        DataSource one(runtime, source_of(folder.url("shared")), {}, migrations());
        DataSource two(runtime, source_of(folder.url("shared")), {}, migrations());
        const auto opened = co_await one.open();
        EXPECT_TRUE(opened);
        const auto other = co_await two.open();
        EXPECT_TRUE(other);
        const OrderRepository first(one);
        const OrderRepository second(two);
        const std::array<const OrderRepository*, 2> instances{&first, &second};
        const std::optional<KeyRow> none;
        for (std::size_t i = 0; i < 10; ++i) {
            const std::string id = "o" + std::to_string(i);
            const Order row = order(id, WallTime(1'700'000'000s));
            const auto inserted = co_await instances[i % 2]->insert(row, none, false);
            EXPECT_TRUE(inserted);
            const auto seen = co_await instances[(i + 1) % 2]->find(id);
            EXPECT_TRUE(seen && *seen) << id;
        }
        one.close();
        two.close();
    });
}

}  // namespace
}  // namespace flotilla::shop::order
