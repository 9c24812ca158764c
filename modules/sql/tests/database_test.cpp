#include "flotilla/sql/database.hpp"

#include <gtest/gtest.h>

#include "flotilla/sql/migration.hpp"
#include "sql_harness.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;

enum class State { pending, confirmed };
FLT_DESCRIBE_ENUM_UPPER(State, pending, confirmed)

struct OrderRow {
    std::optional<std::int64_t> id{};
    std::string order_id{};
    State state = State::pending;
    int qty = 0;
    std::optional<std::string> reason{};
    std::optional<WallTime> created_at{};
};

FLT_DESCRIBE(OrderRow, id, order_id, state, qty, reason, created_at)

constexpr Migration migrations[] = {
    {"V1__create_orders",
     "create table orders(id bigint auto_increment primary key, order_id varchar(50) not null unique, "
     "state varchar(12) not null, qty int not null check(qty > 0), reason varchar(20), "
     "created_at datetime(3) default current_timestamp(3));"},
};

TEST(Database, StructsGoInAndComeBack) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        const TemporaryFolder folder;
        const auto db = co_await open_or_throw(runtime, sqlite_config(folder));
        const auto migrated = co_await migrate(*db, migrations);
        EXPECT_TRUE(migrated) << migrated.error().message();
        const OrderRow order{.order_id = "o-1", .state = State::confirmed, .qty = 3};
        const auto inserted = co_await db->insert("orders", order);
        EXPECT_TRUE(inserted) << inserted.error().message();
        EXPECT_EQ(inserted->last_id, 1);
        const std::string wanted = "o-1";
        const auto found =
            co_await db->query_one<OrderRow>("select * from orders where order_id = ?", wanted);
        EXPECT_TRUE(found) << found.error().message();
        EXPECT_EQ((*found)->qty, 3);
        EXPECT_EQ((*found)->state, State::confirmed);
        EXPECT_TRUE((*found)->created_at);
        EXPECT_FALSE((*found)->reason);
    });
}

}  // namespace

}  // namespace flotilla::sql
