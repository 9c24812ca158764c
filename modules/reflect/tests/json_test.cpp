#include "flotilla/reflect/json.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::reflect {
namespace {

using namespace std::chrono_literals;

enum class State { open, half_open };
FLT_DESCRIBE_ENUM(State, open, half_open)

struct Item {
    std::string product_id;
    std::int32_t qty = 1;
    std::optional<double> unit_price;
};

FLT_DESCRIBE(Item, product_id, qty, unit_price)

struct Patience {
    std::chrono::milliseconds longest = std::chrono::milliseconds::max();
};

FLT_DESCRIBE(Patience, longest)

struct Circle {
    double radius = 0;
};

FLT_DESCRIBE(Circle, radius)

struct Square {
    double side = 0;
};

FLT_DESCRIBE(Square, side)

struct Order {
    std::string id;
    std::vector<Item> items;
    std::map<std::string, std::string> labels;
    std::optional<std::string> note;
    State state = State::open;
    std::chrono::milliseconds timeout = 5s;
    WallTime created{};
    Bytes limit = Bytes::mega(1);
    std::set<int> tags;
    std::array<int, 2> pair{};
    std::variant<Circle, Square, std::string> shape;
    Json extra;
    bool paid = false;
    std::unordered_map<State, std::uint64_t> counts;
};

FLT_DESCRIBE(
    Order, id, items, labels, note, state, timeout, created, limit, tags, pair, shape, extra, paid, counts
)

struct Node2 {
    int value = 0;
    std::unique_ptr<Node2> next;
};

FLT_DESCRIBE(Node2, value, next)

struct Login {
    std::string user;
    Secret password;
};

FLT_DESCRIBE(Login, user, password)

struct Numbers {
    std::int8_t small = 0;
    std::uint8_t byte = 0;
    std::int64_t wide = 0;
    std::uint64_t huge = 0;
    float single = 0;
    double number = 0;
};

FLT_DESCRIBE(Numbers, small, byte, wide, huge, single, number)

struct Shown {
    std::optional<int> absent;
    std::vector<int> none;
};

FLT_DESCRIBE(Shown, (absent, or_null), (none, omit_empty))

std::string error_of(const auto& result) {
    return result ? "no error" : result.error().message();
}

TEST(Json, ReadsAndWritesEveryKindOfField) {
    const std::string text =
        R"({"id":"o-1","items":[{"productId":"CATALOG-001","qty":3,"unitPrice":12.5},{"productId":"x","qty":1}],)"
        R"("labels":{"a":"1","b":"2"},"state":"half_open","timeout":"PT1.5S","created":"2026-03-09T15:00:00.020Z",)"
        R"("limit":"10MB","tags":[1,2],"pair":[3,4],"shape":{"side":2.0},"extra":{"deep":[null,true,-1]},"paid":true,)"
        R"("counts":{"open":18446744073709551615}})";
    const auto order = from_json<Order>(text);
    ASSERT_TRUE(order) << order.error().message();
    EXPECT_EQ(order->items.at(0).unit_price, 12.5);
    EXPECT_EQ(order->items.at(1).unit_price, std::nullopt);
    EXPECT_EQ(order->timeout, 1500ms);
    EXPECT_TRUE(std::holds_alternative<Square>(order->shape));
    EXPECT_EQ(order->extra["deep"][2].as_int64(), -1);
    EXPECT_EQ(to_json(*order), text);
}

TEST(Json, NamesThePathOfWhatIsWrong) {
    EXPECT_EQ(
        error_of(from_json<Order>(R"({"items":[{},{},{},{"qty":"many"}]})")),
        "/items/3/qty: expected integer, got string"
    );
    EXPECT_EQ(
        error_of(from_json<Order>(R"({"labels":{"a/b":[]}})")), "/labels/a~1b: expected string, got array"
    );
    EXPECT_EQ(error_of(from_json<Order>(R"([])")), "expected object, got array");
    EXPECT_EQ(error_of(from_json<Order>(R"({"pair":[1]})")), "/pair: expected 2 elements, got 1");
    EXPECT_EQ(
        error_of(from_json<Order>(R"({"state":"shut"})")),
        "/state: expected one of open, half_open, got 'shut'"
    );
    EXPECT_EQ(
        error_of(from_json<Order>(R"({"timeout":"soon"})")),
        "/timeout: expected duration like 250ms, 30s or PT1H, got 'soon'"
    );
    EXPECT_EQ(error_of(from_json<Order>(R"({"shape":[]})")), "/shape: fits none of the alternatives");
}

/// What a Document gives, without the short way.
template <class T>
Result<T> through_document(std::string_view text, const Leniency& leniency = {}) {
    FLT_TRY(const Document document, parse_json_document(text, {}, leniency));
    return detail::bind<T>(document.root(), leniency);
}

constexpr std::string_view order_text =
    R"({"id":"o-1 \"two\" 서울","items":[{"productId":"CATALOG-001","qty":3,"unitPrice":12.5},{"more":[1,{}],)"
    R"("productId":"x","qty":-1}, {"qty":0,"unitPrice":null}],"labels":{"a":"1","b":"\\2"},"note":null,)"
    R"("state":"half_open","timeout":"PT1.5S","created":"2026-03-09T15:00:00.020Z","unknown":"text",)"
    R"("limit":"10MB","tags":[1,2],"pair":[3,4],"shape":{"side":2e0},"extra":{"deep":[null,true,-1]},)"
    R"("paid":true,"counts":{"open":7} })";

TEST(JsonScan, GivesWhatTheDocumentGives) {
    Order scanned;
    ASSERT_TRUE(detail::scan_json(order_text, Limits{}, Leniency{}, scanned));
    EXPECT_EQ(scanned.items.size(), 3U);
    EXPECT_EQ(scanned.id, "o-1 \"two\" 서울");
    const auto order = through_document<Order>(order_text);
    ASSERT_TRUE(order) << order.error().message();
    EXPECT_EQ(to_json(scanned), to_json(*order));
}

TEST(JsonScan, LeavesWhatIsUnusualToTheDocument) {
    for (const std::string_view text : {
             R"({"productId":"x","qty":"3"})",
             R"({"productId":7})",
             R"({"productId":null})",
             R"({"productId":"\u0041"})",
             R"({"qty":2.7})",
             R"({"qty":01})",
             R"({"qty":+1})",
             R"({"qty":1e0})",
             R"({"qty":3000000000})",
             R"({"unitPrice":1.})",
             R"({"unitPrice":.5})",
             R"({"unitPrice":1e999})",
             R"({"unitPrice":123456789012345678901})",
             R"({"productId":"x"} {})",
             R"({"productId":"x",})",
             R"({"productId":"x" "qty":1})",
             R"({"productId":"x")",
             R"({"productId":"x)",
             R"({"more":[1,}],"qty":1})",
             R"({"more":tru,"qty":1})",
             "{\"productId\":\"a\nb\"}",
             "{\"productId\":\"\xff\"}",
             "{\"more\":\"\xff\"}",
             "[]",
             "",
         }) {
        Item item;
        EXPECT_FALSE(detail::scan_json(text, Limits{}, Leniency{}, item)) << text;
    }
    Item item;
    EXPECT_FALSE(detail::scan_json(R"({"more":1})", Limits{}, Leniency::strict(), item));
    EXPECT_FALSE(detail::scan_json(R"({"product-id":"x"})", Limits{}, Leniency::config(), item));
    Node2 node;
    const std::string_view nested = R"({"next":{"next":{}}})";
    EXPECT_TRUE(detail::scan_json(nested, {.depth = 3}, Leniency{}, node));
    EXPECT_FALSE(detail::scan_json(nested, {.depth = 2}, Leniency{}, node));
    EXPECT_FALSE(detail::scan_json(nested, {.bytes = 10}, Leniency{}, node));
    EXPECT_FALSE(detail::scan_json(R"({"more":[[]]})", {.depth = 2}, Leniency{}, node));
}

TEST(JsonScan, TakesMembersInAnyOrderAndBlanksAnywhere) {
    for (const std::string_view text : {
             R"({"productId":"x","qty":2,"unitPrice":1.5})",
             R"({"unitPrice":1.5,"qty":2,"productId":"x"})",
             R"({"qty":2,"productId":"x","unitPrice":1.5})",
             R"({"more":1,"productId":"x","even more":{},"qty":2,"unitPrice":1.5,"most":[]})",
             R"({"qty":7,"qty":2,"unitPrice":1.5,"productId":"y","productId":"x"})",
             " { \"productId\" : \"x\" ,\n\t\"qty\":\r 2 , \"unitPrice\":1.5 } ",
         }) {
        Item item;
        ASSERT_TRUE(detail::scan_json(text, Limits{}, Leniency{}, item)) << text;
        EXPECT_EQ(item.product_id, "x") << text;
        EXPECT_EQ(item.qty, 2) << text;
        EXPECT_EQ(item.unit_price, 1.5) << text;
    }
}

TEST(JsonScan, ReadsTextsAndIntegersOfEveryLengthAtEveryDistanceFromTheEnd) {
    for (std::size_t after = 0; after < 20; ++after) {
        const std::string behind(after, ' ');
        for (std::size_t size = 0; size < 40; ++size) {
            const std::string plain(size, 'x');
            EXPECT_EQ(from_json<std::string>('"' + plain + '"' + behind), plain);
            for (std::size_t at = 0; at < size; ++at) {
                const auto with = [&](std::string_view piece) {
                    return '"' + std::string(plain).replace(at, 1, piece) + '"' + behind;
                };
                std::string out;
                EXPECT_TRUE(detail::scan_json(with("\\n"), Limits{}, Leniency{}, out));
                EXPECT_EQ(out, std::string(plain).replace(at, 1, "\n"));
                EXPECT_TRUE(detail::scan_json(with("\xc3\xa4"), Limits{}, Leniency{}, out));
                EXPECT_EQ(out, std::string(plain).replace(at, 1, "\xc3\xa4"));
                for (const std::string_view bad : {"\xc3", "\xff", "\n", "\x1f", "\""})
                    EXPECT_FALSE(detail::scan_json(with(bad), Limits{}, Leniency{}, out));
            }
        }
        std::int64_t value = 0;
        for (int digits = 1; digits <= 18; ++digits) {
            value = value * 10 + digits % 10;
            for (const std::int64_t number : {value, -value}) {
                std::int64_t out = 0;
                EXPECT_TRUE(detail::scan_json(std::to_string(number) + behind, Limits{}, Leniency{}, out));
                EXPECT_EQ(out, number);
            }
            std::int8_t small = 0;
            EXPECT_EQ(detail::scan_json(std::to_string(value), Limits{}, Leniency{}, small), value < 128);
        }
    }
}

TEST(JsonScan, NeverDiffersFromTheDocumentInDamagedText) {
    Random random(11);
    constexpr std::string_view letters = "\"\\{}[],:-.019eE ntu\n\xc3\xa4x";
    for (int round = 0; round < 20'000; ++round) {
        std::string text(order_text);
        for (std::uint64_t damage = random.below(3) + 1; damage > 0; --damage) {
            const std::size_t at = random.below(text.size());
            if (random.below(2) == 0) {
                text.erase(at, random.below(4) + 1);
            } else {
                text[at] = letters[random.below(letters.size())];
            }
        }
        Order scanned;
        if (!detail::scan_json(text, Limits{}, Leniency{}, scanned)) continue;
        const auto order = through_document<Order>(text);
        ASSERT_TRUE(order) << text;
        ASSERT_EQ(to_json(*order), to_json(scanned)) << text;
    }
}

TEST(Json, WritesWhatIsLongerThanItsBlock) {
    std::vector<std::string> texts;
    for (std::size_t size = 0; size < 2'200; size += 7) texts.emplace_back(size, 'x');
    texts.emplace_back(1'500, '"');
    const auto again = from_json<std::vector<std::string>>(to_json(texts));
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, texts);
}

TEST(JsonScan, ReadsTheNearestDouble) {
    Random random(5);
    for (int round = 0; round < 20'000; ++round) {
        std::string text = random.below(2) == 0 ? "-" : "";
        text += std::to_string(random.below(random.below(2) == 0 ? 10 : 1'000'000'000));
        text += '.';
        for (std::uint64_t digits = random.below(12) + 1; digits > 0; --digits)
            text += static_cast<char>('0' + random.below(10));
        double scanned = 0;
        ASSERT_TRUE(detail::scan_json(text, Limits{}, Leniency{}, scanned)) << text;
        ASSERT_EQ(std::bit_cast<std::uint64_t>(scanned), std::bit_cast<std::uint64_t>(std::stod(text)))
            << text;
    }
}

TEST(Json, WritesIntegersOfEveryLengthAndTextsWithEscapesAtEveryPlace) {
    std::uint64_t value = 0;
    for (int digits = 1; digits <= 20; ++digits) {
        value = value * 10 + static_cast<std::uint64_t>(digits % 10);
        for (const std::uint64_t number : {value, value / 7, value - 1}) {
            EXPECT_EQ(to_json(number), std::to_string(number));
            const auto negative = -static_cast<std::int64_t>(number / 2);
            EXPECT_EQ(to_json(negative), std::to_string(negative));
        }
    }
    for (const std::int64_t bound : {INT64_MIN, INT64_MAX}) EXPECT_EQ(to_json(bound), std::to_string(bound));
    EXPECT_EQ(to_json(UINT64_MAX), std::to_string(UINT64_MAX));
    EXPECT_EQ(to_json(std::int8_t{-128}), "-128");
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'x');
            for (const auto& [c, written] : {std::pair{'"', "\\\""}, {'\\', "\\\\"}, {'\x1f', "\\u001f"}}) {
                text[at] = c;
                EXPECT_EQ(to_json(text), '"' + std::string(text).replace(at, 1, written) + '"');
            }
            text[at] = '\xff';
            EXPECT_EQ(to_json(text), '"' + std::string(text).replace(at, 1, "\xEF\xBF\xBD") + '"');
        }
    }
    EXPECT_EQ(to_json(std::vector<double>{0, -1.5, 1e22, 5e-324}), "[0.0,-1.5,1e+22,5e-324]");
}

TEST(Json, IsAsLenientAsJacksonOnTheWire) {
    const auto numbers =
        from_json<Numbers>(R"({"small":"3","byte":2.7,"number":"1e3","unknown":{"x":[1]},"wide":null})");
    ASSERT_TRUE(numbers) << numbers.error().message();
    EXPECT_EQ(numbers->small, 3);
    EXPECT_EQ(numbers->byte, 2);
    EXPECT_EQ(numbers->number, 1000);
    EXPECT_EQ(from_json<Item>(R"({"productId":42})")->product_id, "42");
    EXPECT_FALSE(from_json<Item>(R"({"qty":1} rest)"));
    EXPECT_EQ(from_json<Item>(R"({"qty":5} rest)", {}, Leniency::jackson())->qty, 5);
}

TEST(Json, RefusesAllThatWhenStrict) {
    EXPECT_EQ(
        error_of(from_json<Item>(R"({"qty":"3"})", {}, Leniency::strict())),
        "/qty: expected integer, got string"
    );
    EXPECT_EQ(
        error_of(from_json<Item>(R"({"qty":2.7})", {}, Leniency::strict())),
        "/qty: expected integer, got number"
    );
    EXPECT_EQ(
        error_of(from_json<Item>(R"({"qty":null})", {}, Leniency::strict())),
        "/qty: expected integer, got null"
    );
    EXPECT_EQ(
        error_of(from_json<Item>(R"({"productID":"x"})", {}, Leniency::strict())),
        "/productID: unknown name, did you mean 'productId'?"
    );
}

TEST(Json, ChecksTheRangeOfIntegers) {
    EXPECT_EQ(
        error_of(from_json<Numbers>(R"({"small":128})")),
        "/small: expected integer between -128 and 127, got 128"
    );
    EXPECT_EQ(
        error_of(from_json<Numbers>(R"({"byte":-1})")), "/byte: expected integer between 0 and 255, got -1"
    );
    EXPECT_EQ(
        error_of(from_json<Numbers>(R"({"wide":9223372036854775808})")),
        "/wide: expected integer between -9223372036854775808 and 9223372036854775807, got "
        "9223372036854775808"
    );
    EXPECT_FALSE(from_json<Numbers>(R"({"huge":18446744073709551616})"));
    EXPECT_FALSE(from_json<Numbers>(R"({"single":1e300})"));
}

TEST(Json, TakesTheLastOfDuplicateMembers) {
    EXPECT_EQ(from_json<Item>(R"({"qty":1,"qty":2})")->qty, 2);
    EXPECT_EQ(parse_json(R"({"a":1,"b":0,"a":2})")->text(), R"({"a":2,"b":0})");
    EXPECT_EQ(from_json<Order>(R"({"labels":{"a":"1"},"labels":{"b":"2"}})")->labels.size(), 1U);
}

TEST(Json, SaysWhereTextIsMalformed) {
    const std::map<std::string, std::string> cases = {
        {"", "the text is empty"},
        {"{\"a\":1,\n  b:2}", "line 2, column 3: expected a name in double quotes"},
        {"{\"a\" 1}", "line 1, column 6: expected ':'"},
        {"[1,2", "line 1, column 5: the text ends too early"},
        {"[1,]", "line 1, column 4: expected a value"},
        {"[01]", "line 1, column 4: a number with a leading zero"},
        {"[1.]", "line 1, column 4: expected digits after the point"},
        {"[1e999]", "line 1, column 2: a number out of range"},
        {"\"a\nb\"", "line 1, column 3: a control character inside a string"},
        {R"("\x")", "line 1, column 3: unknown escape in a string"},
        {R"("\ud800x")", "line 1, column 7: half a surrogate pair"},
        {"{} {}", "line 1, column 4: text after the end of the value"},
        {"\"\xff\"", "the text is not valid UTF-8"},
        {"NaN", "line 1, column 1: expected a value"},
    };
    for (const auto& [text, message] : cases) EXPECT_EQ(error_of(parse_json(text)), message) << text;
}

TEST(Json, KeepsToItsLimits) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    const auto filled = [](std::size_t depth) {
        return std::string(depth, '[') + "1" + std::string(depth, ']');
    };
    EXPECT_TRUE(parse_json(nested(64)));
    EXPECT_TRUE(parse_json(filled(64)));
    ASSERT_FALSE(parse_json(nested(65)));
    ASSERT_FALSE(parse_json(filled(65)));
    EXPECT_EQ(parse_json(nested(65)).error().code(), Errc::limit_exceeded);
    EXPECT_EQ(parse_json(nested(100'000)).error().code(), Errc::limit_exceeded);
    EXPECT_TRUE(parse_json("[1,2,3]", {.elements = 4}));
    EXPECT_EQ(parse_json("[1,2,3]", {.elements = 3}).error().code(), Errc::limit_exceeded);
    EXPECT_EQ(parse_json("[1,2,3]", {.bytes = 6}).error().code(), Errc::limit_exceeded);
}

TEST(Json, KeepsIntegersOf64BitsAndDoublesOverARoundTrip) {
    Random random(7);
    for (int i = 0; i < 20'000; ++i) {
        Numbers in;
        in.wide = static_cast<std::int64_t>(random()) >> random.below(64);
        in.huge = random() >> random.below(64);
        in.number = std::bit_cast<double>(random());
        in.single = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        if (!std::isfinite(in.number)) in.number = std::numeric_limits<double>::denorm_min();
        if (!std::isfinite(in.single)) in.single = std::numeric_limits<float>::max();
        const auto out = from_json<Numbers>(to_json(in), {}, Leniency::strict());
        ASSERT_TRUE(out) << out.error().message() << to_json(in);
        ASSERT_EQ(out->wide, in.wide);
        ASSERT_EQ(out->huge, in.huge);
        ASSERT_EQ(std::bit_cast<std::uint64_t>(out->number), std::bit_cast<std::uint64_t>(in.number))
            << to_json(in);
        ASSERT_EQ(std::bit_cast<std::uint32_t>(out->single), std::bit_cast<std::uint32_t>(in.single))
            << to_json(in);
    }
}

TEST(Json, WritesDoublesShortestAndNeverAsIntegers) {
    EXPECT_EQ(to_json(12.0), "12.0");
    EXPECT_EQ(to_json(0.1), "0.1");
    EXPECT_EQ(to_json(1e22), "1e+22");
    EXPECT_EQ(to_json(123456789012345680000.0), "1.2345678901234568e+20");
    EXPECT_EQ(to_json(-0.0), "-0.0");
    EXPECT_EQ(to_json(0.1F), "0.1");
    EXPECT_EQ(to_json(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(to_json(-std::numeric_limits<double>::infinity()), "null");
}

TEST(Json, ReadsIntegersBeyond64BitsAsDoubles) {
    EXPECT_EQ(
        parse_json("[123456789012345678901234567890]")->elements()[0].as_double(),
        123456789012345678901234567890.0
    );
}

TEST(Json, ReadsNumbersTooSmallForADoubleAsZero) {
    for (const char* text : {"1e-400", "2.5e-99999999999999999999", "1e-345678901234567890"}) {
        const auto value = parse_json(text);
        ASSERT_TRUE(value) << text;
        EXPECT_EQ(value->as_double(), 0.0) << text;
    }
    EXPECT_FALSE(parse_json("1e400"));
    EXPECT_FALSE(parse_json("-1e99999999999999999999"));
}

TEST(Json, WritesStringsThatEveryoneCanRead) {
    EXPECT_EQ(to_json(std::string("a\"b\\c\n\t\x01/\x7f")), "\"a\\\"b\\\\c\\n\\t\\u0001/\x7f\"");
    EXPECT_EQ(to_json(std::string("한글 \xF0\x9F\x98\x80")), "\"한글 \xF0\x9F\x98\x80\"");
    EXPECT_EQ(to_json(std::string("bad \xff\xc3 end")), "\"bad \xEF\xBF\xBD\xEF\xBF\xBD end\"");
}

TEST(Json, KeepsAnyTextOverARoundTrip) {
    Random random(11);
    for (int i = 0; i < 5'000; ++i) {
        std::string text;
        for (auto length = random.below(40); length > 0; --length) {
            const char* pieces[] = {"\"", "\\", "\n", "\x01", "é", "한", "\xF0\x9F\x98\x80", "/", "x"};
            random.below(2) == 0 ? text += static_cast<char>(random.below(128))
                                 : text += pieces[random.below(9)];
        }
        const auto back = from_json<std::string>(to_json(text));
        ASSERT_TRUE(back) << back.error().message();
        ASSERT_EQ(*back, text);
    }
}

TEST(Json, ReadsStructsThatContainThemselves) {
    const std::string text = R"({"value":1,"next":{"value":2}})";
    EXPECT_EQ(to_json(*from_json<Node2>(text)), text);
}

TEST(Json, NeverWritesASecret) {
    const auto login = from_json<Login>(R"({"user":"u","password":"test1234"})");
    EXPECT_EQ(login->password.reveal(), "test1234");
    EXPECT_EQ(to_json(*login), R"({"user":"u","password":"******"})");
}

TEST(Json, ShowsAbsentAndEmptyFieldsAsTheirOptionsSay) {
    EXPECT_EQ(to_json(Shown{}), R"({"absent":null})");
    EXPECT_EQ(to_json(Shown{.absent = 1, .none = {2}}), R"({"absent":1,"none":[2]})");
}

TEST(Json, BindsRelaxedNamesAndCommaListsForConfiguration) {
    const Json value = Json::object({{"PRODUCT_ID", "x"}, {"unit-price", "2.5"}, {"qty", " 4 "}});
    const auto item = from_value<Item>(value, Leniency::config());
    ASSERT_TRUE(item) << item.error().message();
    EXPECT_EQ(item->product_id, "x");
    EXPECT_EQ(item->unit_price, 2.5);
    EXPECT_EQ(item->qty, 4);
    EXPECT_EQ(
        from_value<Order>(Json::object({{"tags", "3, 1,2"}}), Leniency::config())->tags,
        (std::set<int>{1, 2, 3})
    );
    EXPECT_EQ(
        error_of(from_value<Item>(Json::object({{"qty", "eighty"}}), Leniency::config())),
        "/qty: expected integer, got 'eighty'"
    );
    EXPECT_EQ(
        error_of(from_value<Item>(Json::object({{"unit-prize", 1}}), Leniency::config())),
        "/unit-prize: unknown name, did you mean 'unit-price'?"
    );
}

TEST(JsonValue, IsBuiltAndReadWithoutCeremony) {
    Json health = Json::object({{"status", "UP"}});
    health["details"]["total"] = 12;
    health["details"].set("free", 1.5).set("exists", true);
    health["list"].push_back("a").push_back(nullptr);
    EXPECT_EQ(
        health.text(), R"({"status":"UP","details":{"total":12,"free":1.5,"exists":true},"list":["a",null]})"
    );
    const Json& read = health;
    EXPECT_EQ(read["details"]["total"].as_int64(), 12);
    EXPECT_EQ(read["none"]["deeper"].string_or("-"), "-");
    EXPECT_EQ(read.at_pointer("/list/0")->string_or(""), "a");
    EXPECT_EQ(read.at_pointer("/list/2"), nullptr);
    EXPECT_EQ(health["list"][0], Json("a")) << "0 is an index, also of what is not const";
    EXPECT_TRUE(health.erase("list"));
    EXPECT_EQ(Json::object({{"a", Json::array({1})}}).text(2), "{\n  \"a\": [\n    1\n  ]\n}");
}

TEST(Json, ADurationWithoutEndComesBackAsOne) {
    const auto back = from_json<Patience>(to_json(Patience()));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->longest, std::chrono::milliseconds::max());
}

TEST(JsonValue, ComparesByKindAndIgnoresTheOrderOfMembers) {
    EXPECT_EQ(*parse_json(R"({"a":1,"b":[true]})"), Json::object({{"b", Json::array({true})}, {"a", 1U}}));
    EXPECT_NE(Json(1), Json(1.0));
    EXPECT_NE(Json(1), Json("1"));
    EXPECT_EQ(to_value(Item{"x", 2, {}}), Json::object({{"productId", "x"}, {"qty", 2}}));
}

}  // namespace
}  // namespace flotilla::reflect
