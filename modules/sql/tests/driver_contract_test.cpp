#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "contract.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;

enum class Kind { plain, odd_one };
FLT_DESCRIBE_ENUM_UPPER(Kind, plain, odd_one)

struct Item {
    std::optional<std::int64_t> id{};
    std::string code{};
    std::optional<std::string> label{};
    std::int64_t quantity = 0;
    std::optional<double> price{};
    bool flag = false;
    std::optional<Blob> bytes{};
    std::optional<WallTime> seen_at{};
    Kind kind = Kind::plain;
};

FLT_DESCRIBE(Item, id, code, label, quantity, price, flag, bytes, seen_at, kind)

class DriverContract : public Contract {
protected:
    static Task<> put(Session& db, std::string code, std::int64_t quantity = 0) {
        const Item item{.code = std::move(code), .quantity = quantity};
        must(co_await db.insert("item", item));
    }
};

INSTANTIATE_TEST_SUITE_P(All, DriverContract, testing::ValuesIn(products()), product_name);

std::string random_text(Random& random) {
    static constexpr std::string_view pieces[] = {
        "a",  "Z",  "0",  " ",     "'", "\"", "`",  "\\",   "%",  "_",           ";",
        "--", "/*", "\n", "\t",    "é", "한", "글", "주문", "🚢", "👩‍🚀", "');drop table item;--",
        "?",  ":x", "$1", "\u0001"
    };
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) text += pieces[random.below(std::size(pieces))];
    return text;
}

std::int64_t random_integer(Random& random) {
    static constexpr std::int64_t edges[] = {
        0,
        1,
        -1,
        std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min() + 1,
        std::numeric_limits<std::int32_t>::max(),
        std::numeric_limits<std::int32_t>::min(),
        1LL << 53,
        (1LL << 53) + 1
    };
    if (random.below(2) == 0) return edges[random.below(std::size(edges))];
    return static_cast<std::int64_t>(random() >> random.below(63)) / 2;
}

double random_double(Random& random) {
    static constexpr double edges[] = {
        0.0,
        1.5,
        -1.0 / 3,
        1e-300,
        1.7976931348623157e308,
        2.2250738585072014e-308,
        0.1,
        123456789.123456789,
        3.0
    };
    if (random.below(2) == 0) return edges[random.below(std::size(edges))];
    return (random.unit() - 0.5) * 1e12;
}

TEST_P(DriverContract, ValuesComeBackAsTheyWent) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        Random random(20261121);
        for (int round = 0; round < 150; ++round) {
            Item item;
            item.code = std::to_string(round);
            if (random.below(4) != 0) item.label = random_text(random);
            item.quantity = random_integer(random);
            if (random.below(4) != 0) item.price = random_double(random);
            item.flag = random.below(2) == 0;
            if (random.below(3) != 0) {
                item.bytes.emplace();
                for (std::uint64_t i = random.below(300); i > 0; --i)
                    item.bytes->bytes += static_cast<char>(random.below(256));
            }
            if (random.below(3) != 0)
                item.seen_at = WallTime(std::chrono::milliseconds(random.below(4'000'000'000'000)));
            item.kind = random.below(2) == 0 ? Kind::plain : Kind::odd_one;

            const Changes inserted = must(co_await db->insert("item", item));
            EXPECT_EQ(inserted.rows, 1);
            EXPECT_EQ(inserted.last_id, round + 1);
            const auto found =
                must(co_await db->query_one<Item>("select * from item where code = ?", item.code));
            if (!found) throw std::runtime_error("the row is not there");
            EXPECT_EQ(found->id, inserted.last_id);
            EXPECT_EQ(found->label, item.label);
            EXPECT_EQ(found->quantity, item.quantity);
            EXPECT_EQ(found->price, item.price);
            EXPECT_EQ(found->flag, item.flag);
            EXPECT_EQ(found->bytes, item.bytes);
            EXPECT_EQ(found->seen_at, item.seen_at);
            EXPECT_EQ(found->kind, item.kind);
            if (item.label && !item.label->empty()) {
                const auto same = must(
                    co_await db->query_value<int>("select count(*) from item where label = ?", *item.label)
                );
                EXPECT_GE(same, 1);
            }
        }
    });
}

TEST_P(DriverContract, TheSmallestAndTheLargestIntegerFit) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        must(co_await db->execute("create table extra(v bigint)"));
        constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
        must(co_await db->execute("insert into extra(v) values(?), (?), (?)", least, most, std::nullopt));
        const auto found = must(co_await db->query<std::optional<std::int64_t>>(
            "select v from extra where v is not null order by v"
        ));
        EXPECT_EQ(found, (std::vector<std::optional<std::int64_t>>{least, most}));
        const auto narrow = co_await db->query<int>("select v from extra where v = ?", most);
        EXPECT_EQ(narrow.error().code(), SqlErrc::wrong_shape);
        const auto null = co_await db->query<int>("select v from extra where v is null");
        EXPECT_EQ(null.error().message(), "column v: NULL does not fit the field");
    });
}

TEST_P(DriverContract, TextsOfAnyLengthComeBackWhole) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        const std::string table = db->dialect().ddl("create table extra(v mediumtext)");
        must(co_await db->execute(table));
        for (const std::size_t length : {0U, 1U, 255U, 256U, 257U, 70'000U, 1'000'000U}) {
            const std::string text(length, 'x');
            must(co_await db->execute("delete from extra"));
            must(co_await db->execute("insert into extra(v) values(?)", text));
            const auto found = must(co_await db->query_value<std::string>("select v from extra"));
            EXPECT_EQ(found, text);
        }
    });
}

TEST_P(DriverContract, TextThatLooksLikeSqlIsText) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        for (const std::string code :
             {"' or '1'='1", "x'; drop table item; --", "\\' or 1=1 --", "\" or \"\"=\"", "%", "1 or 1=1"}) {
            const auto found = must(co_await db->query<Item>("select * from item where code = ?", code));
            EXPECT_TRUE(found.empty());
            co_await put(*db, code);
            const auto again = must(co_await db->query<Item>("select * from item where code = ?", code));
            EXPECT_EQ(again.size(), 1U);
        }
        const int count = must(co_await db->query_value<int>("select count(*) from item"));
        EXPECT_EQ(count, 6);
    });
}

TEST_P(DriverContract, WhatNoDatabaseTakesAlikeIsRefused) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        const std::string broken = "abc\xff";
        const auto text = co_await db->execute("insert into item(code) values(?)", broken);
        EXPECT_EQ(text.error().code(), SqlErrc::invalid_value);
        EXPECT_EQ(text.error().message(), "value 1 is no UTF-8 text");
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const auto number = co_await db->execute("insert into item(code, price) values('a', ?)", nan);
        EXPECT_EQ(number.error().code(), SqlErrc::invalid_value);
    });
}

TEST_P(DriverContract, ViolationsAreTypedAndNameTheConstraintButNoValue) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        must(co_await db->execute("create table parent(id bigint primary key)"));
        const std::string table = db->dialect().ddl(
            "create table item(id bigint primary key, email varchar(10) not null unique, "
            "stock int not null, parent_id bigint, constraint stock_left check(stock >= 0), "
            "constraint to_parent foreign key(parent_id) references parent(id))"
        );
        must(co_await db->execute(table));
        const std::string_view insert = "insert into item(id, email, stock, parent_id) values(?, ?, ?, ?)";
        must(co_await db->execute(insert, 1, "secret", 1, std::nullopt));

        const auto twice = co_await db->execute(insert, 2, "secret", 1, std::nullopt);
        EXPECT_EQ(twice.error().code(), SqlErrc::unique_violation);
        EXPECT_TRUE(violates_unique(twice.error(), "email")) << twice.error().message();
        EXPECT_FALSE(violates_unique(twice.error(), "id"));
        EXPECT_EQ(twice.error().message().find("secret"), std::string::npos);
        EXPECT_FALSE(is_retryable(twice.error()));
        EXPECT_EQ(general(twice.error()).code(), flotilla::Errc::conflict);

        const auto same_id = co_await db->execute(insert, 1, "other", 1, std::nullopt);
        EXPECT_EQ(same_id.error().code(), SqlErrc::unique_violation);

        const auto negative = co_await db->execute(insert, 3, "c", -1, std::nullopt);
        EXPECT_EQ(negative.error().code(), SqlErrc::check_violation);
        EXPECT_EQ(constraint_of(negative.error()), "stock_left");

        const auto orphan = co_await db->execute(insert, 4, "d", 1, 99);
        EXPECT_EQ(orphan.error().code(), SqlErrc::foreign_key_violation);

        const auto missing = co_await db->execute(insert, 5, std::nullopt, 1, std::nullopt);
        EXPECT_EQ(missing.error().code(), SqlErrc::not_null_violation);
        EXPECT_NE(missing.error().message().find("email"), std::string::npos) << missing.error().message();

        const auto longer = co_await db->execute(insert, 6, "mysecret-mysecret", 1, std::nullopt);
        EXPECT_EQ(longer.error().code(), SqlErrc::invalid_value);
        EXPECT_EQ(longer.error().message(), "too long for column email");

        // Ten characters are ten, however many bytes.
        must(co_await db->execute(insert, 7, "한글한글한글한글한글", 1, std::nullopt));
    });
}

TEST_P(DriverContract, StatementsThatAreNoneAreSyntaxErrors) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        for (const char* text :
             {"selekt 1",
              "select * from nowhere",
              "select nothing from item",
              "",
              "  -- no\n",
              "select 1; select 2",
              "delete from item; drop table item"}) {
            const auto outcome = co_await db->execute(text);
            EXPECT_FALSE(outcome) << text;
            if (!outcome) {
                EXPECT_EQ(outcome.error().code(), SqlErrc::syntax) << text << outcome.error().message();
            }
        }
        const auto few = co_await db->execute("insert into item(code, label) values(?, ?)", "a");
        EXPECT_EQ(few.error().message(), "the statement has 2 placeholders and was given 1 values");
        const auto after = co_await db->query_value<int>("select 1;");
        EXPECT_EQ(after, 1);
    });
}

TEST_P(DriverContract, ManyOfOneStatementAreAsEachByItself) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        Random random(20261122);
        std::vector<Item> items;
        for (std::size_t i = 0; i < 100; ++i) {
            Item item{.code = std::to_string(i), .quantity = random_integer(random)};
            item.label = random_text(random);
            item.price = random_double(random);
            item.bytes.emplace(Blob{std::string(random.below(300), '\0')});
            item.seen_at = WallTime(std::chrono::milliseconds(random.below(4'000'000'000'000)));
            item.flag = i % 2 == 0;
            items.push_back(item);
        }
        const std::function<Result<Changes>(Statements&)> write = [&](Statements& tx) -> Result<Changes> {
            std::vector<Statement> inserts;
            for (const Item& item : items) inserts.push_back(insert_statement("item", item));
            FLT_TRY(const Changes inserted, tx.execute_all(inserts));
            EXPECT_EQ(inserted.rows, 100);
            std::vector<Statement> updates;
            for (std::size_t i = 0; i < items.size(); ++i) {
                const std::optional<std::string> label = i % 3 == 0 ? std::nullopt : items[i].label;
                // Every tenth meets nothing, and the others change nothing but some labels.
                const std::string code = i % 10 == 0 ? "nobody" : items[i].code;
                updates.push_back(make_statement("update item set label = ? where code = ?", label, code));
            }
            return tx.execute_all(updates);
        };
        const Changes updated = must(co_await db->at_once<Changes>(write));
        EXPECT_EQ(updated.rows, 90);
        const auto found = must(co_await db->query<Item>("select * from item order by id"));
        EXPECT_EQ(found.size(), items.size());
        for (std::size_t i = 0; i < found.size() && i < items.size(); ++i) {
            const bool cleared = i % 3 == 0 && i % 10 != 0;
            EXPECT_EQ(found[i].label, cleared ? std::nullopt : items[i].label) << i;
            EXPECT_EQ(found[i].quantity, items[i].quantity);
            EXPECT_EQ(found[i].price, items[i].price);
            EXPECT_EQ(found[i].flag, items[i].flag);
            EXPECT_EQ(found[i].bytes, items[i].bytes);
            EXPECT_EQ(found[i].seen_at, items[i].seen_at);
        }
        // The same statement goes by itself as before.
        const auto one = must(co_await db->execute("update item set label = ? where code = ?", "x", "5"));
        EXPECT_EQ(one.rows, 1);
    });
}

TEST_P(DriverContract, OfManyTheFirstErrorIsToldAndNothingIsKept) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        for (const bool mixed : {false, true}) {
            const std::function<Result<Changes>(Statements&)> twice = [mixed](Statements& tx) {
                std::vector<Statement> inserts;
                for (int i = 0; i < 20; ++i) {
                    // Of several kinds in one place: no packet for all.
                    const Value label =
                        mixed && i == 3 ? Value(std::int64_t{3}) : Value(std::string("three"));
                    inserts.push_back(make_statement(
                        "insert into item(code, label) values(?, ?)", std::to_string(i % 19), label
                    ));
                }
                return tx.execute_all(inserts);
            };
            const auto outcome = co_await db->at_once<Changes>(twice);
            EXPECT_FALSE(outcome);
            if (outcome) co_return;
            EXPECT_EQ(outcome.error().code(), SqlErrc::unique_violation);
            EXPECT_TRUE(violates_unique(outcome.error(), "code")) << outcome.error().message();
            const auto left = co_await db->query_value<int>("select count(*) from item");
            EXPECT_EQ(left, 0);
        }
    });
}

TEST_P(DriverContract, ManyWithMuchToSayGoInSeveralPackets) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        const std::string table = db->dialect().ddl("create table extra(v mediumtext)");
        must(co_await db->execute(table));
        const std::function<Result<Changes>(Statements&)> write = [](Statements& tx) {
            const std::string text(300'000, 'x');
            const std::vector<Statement> inserts(70, make_statement("insert into extra(v) values(?)", text));
            return tx.execute_all(inserts);
        };
        const Changes inserted = must(co_await db->at_once<Changes>(write));
        EXPECT_EQ(inserted.rows, 70);
        const auto sum = must(co_await db->query_value<std::int64_t>("select sum(length(v)) from extra"));
        EXPECT_EQ(sum, 21'000'000);
    });
}

TEST_P(DriverContract, AnUpdateCountsTheRowsThatItMet) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        for (const char* code : {"a", "b", "c"}) co_await put(*db, code, 5);
        const Changes same = must(co_await db->execute("update item set quantity = 5 where code < 'c'"));
        EXPECT_EQ(same.rows, 2);
        EXPECT_EQ(same.last_id, 0);
        const Changes none = must(co_await db->execute("update item set quantity = 0 where code = 'x'"));
        EXPECT_EQ(none.rows, 0);
        const Changes gone = must(co_await db->execute("delete from item"));
        EXPECT_EQ(gone.rows, 3);
        const Item item{.code = "a"};
        const auto absent = must(co_await db->insert_if_absent("item", item));
        const auto present = must(co_await db->insert_if_absent("item", item));
        EXPECT_TRUE(absent);
        EXPECT_FALSE(present);
        const Rows rows =
            must(co_await db->run(make_statement("insert into item(code) values('z') returning id, code")));
        EXPECT_EQ(rows.size(), 1U);
        EXPECT_EQ(rows.changes, 1);
    });
}

TEST_P(DriverContract, WhatIsSpecialInOneDatabaseIsOrdinaryInAll) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        const auto joined = must(co_await db->query_value<std::string>("select 'a' || 'b\\'"));
        EXPECT_EQ(joined, "ab\\");
        // Texts are the same only when their bytes are, as keys too.
        for (const char* code : {"a", "A", "a ", "á"}) co_await put(*db, code);
        const auto quoted =
            must(co_await db->query_value<int>("select count(*) from item where \"code\" = 'a'"));
        EXPECT_EQ(quoted, 1);
        const auto paged =
            must(co_await db->query<std::string>("select code from item order by id limit ? offset ?", 2, 1));
        EXPECT_EQ(paged, (std::vector<std::string>{"A", "a "}));

        const std::string now =
            fmt::format("update item set seen_at = {} where code = 'a'", db->dialect().now());
        must(co_await db->execute(now));
        const auto item = must(co_await db->query_one<Item>("select * from item where code = 'a'"));
        const WallTime wall = runtime.clock().wall_now();
        EXPECT_LT(wall - item->seen_at.value(), 1min);
        const auto earlier = must(co_await db->query_value<int>(
            "select count(*) from item where seen_at <= ?", WallTime(wall + 1min)
        ));
        EXPECT_EQ(earlier, 1);
    });
}

TEST_P(DriverContract, UpsertsInsertOrUpdate) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        co_await create_item(*db);
        const std::string_view columns[] = {"code", "label", "quantity"};
        const std::string_view keys[] = {"code"};
        const std::string_view updated[] = {"quantity"};
        const std::string upsert = db->dialect().upsert("item", columns, keys, updated);
        const std::string keep = db->dialect().upsert("item", columns, keys, {});
        must(co_await db->execute(upsert, "a", "first", 1));
        must(co_await db->execute(upsert, "a", "second", 2));
        must(co_await db->execute(keep, "a", "third", 3));
        const auto found = must(co_await db->query<Item>("select * from item"));
        EXPECT_EQ(found.size(), 1U);
        EXPECT_EQ(found.front().label, "first");
        EXPECT_EQ(found.front().quantity, 2);
    });
}

TEST_P(DriverContract, ATableThatChangesIsReadAsItIs) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto db = co_await fresh(runtime);
        must(co_await db->execute("create table extra(a bigint)"));
        must(co_await db->execute("insert into extra(a) values(1)"));
        Statement all = make_statement("select * from extra");
        const Rows before = must(co_await db->run(all));
        EXPECT_EQ(before.columns, std::vector<std::string>{"a"});
        must(co_await db->execute("alter table extra add column b bigint default 7"));
        const Rows after = must(co_await db->run(all));
        EXPECT_EQ(after.columns, (std::vector<std::string>{"a", "b"}));
        EXPECT_EQ(after.at(0, 1), Value(std::int64_t{7}));
    });
}

TEST_P(DriverContract, AResultIsBounded) {
    run_on_loop([this](Runtime& runtime) -> Task<> {
        const auto first = co_await fresh(runtime);
        const std::string table = first->dialect().ddl("create table extra(v mediumtext)");
        must(co_await first->execute(table));
        const std::string text(10'000, 'x');
        for (int i = 0; i < 10; ++i) must(co_await first->execute("insert into extra(v) values(?)", text));
        DataSourceConfig narrow = config();
        narrow.max_result_size = Bytes::kilo(50);
        const auto db = co_await open_or_throw(runtime, narrow);
        const auto large = co_await db->query<std::string>("select v from extra");
        EXPECT_EQ(large.error().code(), flotilla::Errc::limit_exceeded);
        const auto small = co_await db->query<std::string>("select v from extra limit 3");
        EXPECT_EQ(small->size(), 3U);
    });
}

}  // namespace

}  // namespace flotilla::sql
