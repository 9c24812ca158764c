#include "flotilla/reflect/validate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace flotilla::reflect {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Line {
    std::string product_id;
    std::int32_t qty = 1;
};

FLT_DESCRIBE(Line, (product_id, not_blank, pattern("[A-Z]+-[0-9]{3}")), (qty, min(1), max(100)))

struct Order {
    std::string name = "ab";
    std::optional<std::string> email = "a@b.example";
    std::vector<Line> items{{"CATALOG-001", 1}};
    std::map<std::string, Line> extras;
    std::optional<int> must = 1;
    double share = 0.5;
    std::chrono::milliseconds wait = 1s;
    Bytes body = Bytes::kilo(1);
    Secret password = "test1234";
    int lucky = 7;
};

FLT_DESCRIBE(
    Order,
    (name, size(2, 10)),
    (email, email),
    (items, not_empty, size(1, 3)),
    extras,
    (must, not_null),
    (share, min(0.0), max(1.0)),
    (wait, min(1s)),
    (body, max(Bytes::mega(1))),
    (password, size(8)),
    (lucky, check([](int n) { return n != 13; }, "must bring luck"), positive)
)

std::vector<std::string> lines(const std::vector<Violation>& violations) {
    std::vector<std::string> out;
    for (const Violation& v : violations) out.push_back(v.field + ": " + v.message);
    return out;
}

TEST(Validate, FindsNothingWrongInAGoodValue) {
    EXPECT_THAT(lines(validate(Order{})), IsEmpty());
}

TEST(Validate, CollectsAllViolationsWithTheMessagesOfBeanValidation) {
    Order order;
    order.name = "x";
    order.email = "nobody";
    order.items = {{"CATALOG-001", 1}, {"  ", 0}, {"cat", 101}};
    order.extras["gift"] = {"", 1};
    order.must.reset();
    order.share = 1.5;
    order.wait = 10ms;
    order.body = Bytes::mega(2);
    order.password = "short";
    order.lucky = 13;
    EXPECT_THAT(
        lines(validate(order)),
        ElementsAre(
            "name: size must be between 2 and 10",
            "email: must be a well-formed email address",
            "items[1].productId: must not be blank",
            "items[1].productId: must match \"[A-Z]+-[0-9]{3}\"",
            "items[1].qty: must be greater than or equal to 1",
            "items[2].productId: must match \"[A-Z]+-[0-9]{3}\"",
            "items[2].qty: must be less than or equal to 100",
            "extras.gift.productId: must not be blank",
            "extras.gift.productId: must match \"[A-Z]+-[0-9]{3}\"",
            "must: must not be null",
            "share: must be less than or equal to 1",
            "wait: must be greater than or equal to 1s",
            "body: must be less than or equal to 1MB",
            "password: size must be between 8 and 2147483647",
            "lucky: must bring luck"
        )
    );
}

TEST(Validate, TellsCodeRejectedValueAndArguments) {
    const auto violations = validate(Line{"A-1", 300}, "order");
    ASSERT_EQ(violations.size(), 2U);
    EXPECT_EQ(violations[0].code, "Pattern");
    EXPECT_EQ(violations[0].rejected, Json("A-1"));
    EXPECT_EQ(violations[1].field, "order.qty");
    EXPECT_EQ(violations[1].code, "Max");
    EXPECT_EQ(violations[1].rejected, Json(300));
    EXPECT_EQ(violations[1].arguments, std::vector<Json>{100});
}

TEST(Validate, NeverShowsASecretThatWasRejected) {
    Order order;
    order.password = "short";
    EXPECT_EQ(validate(order).at(0).rejected, Json("******"));
}

TEST(Validate, LeavesAbsentOptionalsAlone) {
    Order order;
    order.email.reset();
    EXPECT_THAT(lines(validate(order)), IsEmpty());
}

TEST(Validate, CountsCharactersAsJavaDoes) {
    Order order;
    order.name = "한";
    EXPECT_EQ(validate(order).size(), 1U);
    order.name = "한글";
    EXPECT_EQ(validate(order).size(), 0U);
    order.name = "\xF0\x9F\x98\x80";
    EXPECT_EQ(validate(order).size(), 0U);
}

TEST(Validate, KnowsAddressesFromOtherTexts) {
    const auto good = [](const char* text) {
        Order order;
        order.email = text;
        return validate(order).empty();
    };
    for (const char* text : {"a@b", "a.b+c@x-y.example", "\"a b\"@x.example", "a@[127.0.0.1]", ""}) {
        EXPECT_TRUE(good(text)) << text;
    }
    for (const char* text : {"a", "@b", "a@", ".a@b", "a..b@c", "a b@c", "a@b..c", "a@-b", "a@b c"}) {
        EXPECT_FALSE(good(text)) << text;
    }
}

TEST(Validate, RefusesTextsTooLongForAPatternInsteadOfRunningOutOfStack) {
    EXPECT_FALSE(validate(Line{std::string(1'000'000, 'A') + "-001", 1}).empty());
}

}  // namespace
}  // namespace flotilla::reflect
