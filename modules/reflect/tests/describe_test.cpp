#include "flotilla/reflect/describe.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/reflect/json.hpp"

namespace flotilla::reflect {
namespace {

using namespace std::chrono_literals;

enum class Phase { starting, out_of_service, up };
FLT_DESCRIBE_ENUM_UPPER(Phase, starting, out_of_service, up)

enum class Strategy { random, least_loaded };
FLT_DESCRIBE_ENUM_KEBAB(Strategy, (random, "dice"), least_loaded)

struct Line {
    std::string product_id;
    int qty = 1;
    std::chrono::seconds keep{3};
};

FLT_DESCRIBE(
    Line,
    (product_id, "Catalog number", not_blank, size(1, 20)),
    (qty, min(1), max(100), check([](int n) { return n != 13; }, "must bring luck")),
    (keep, as("keepFor"), min(1s))
)

struct Base {
    int base_field = 1;
};

FLT_DESCRIBE(Base, base_field)

struct Derived : Base {
    int own_field = 2;
};

FLT_DESCRIBE_DERIVED(Derived, (Base), own_field)

struct Empty {};

FLT_DESCRIBE(Empty)

struct Documented {
    int port = 8080;
};

FLT_DESCRIBE_CONFIG(Documented, (port, "Where the server listens."))

// Described without the macro, which would not compile.
struct Forgetful {
    int a = 0;
    std::vector<std::string> forgotten{"x"};
    std::optional<Json> c;
    std::unique_ptr<int> d;
};

BOOST_DESCRIBE_STRUCT(Forgetful, (), (a, c, d))

TEST(Describe, NoticesAFieldThatIsLeftOut) {
    static_assert(!detail::describes_all<Forgetful>());
    static_assert(!detail::is_documented<Line>());
    static_assert(detail::describes_all<Line>());
}

TEST(Describe, TellsFieldsWithTheirNamesAndOptionsAtRunTime) {
    const auto fields = describe_fields<Line>();
    ASSERT_EQ(fields.size(), 3U);
    EXPECT_EQ(fields[0].name, "product_id");
    EXPECT_EQ(fields[0].outside, "productId");
    EXPECT_EQ(fields[0].options->doc, "Catalog number");
    EXPECT_EQ(fields[0].options->rule_count, 2U);
    EXPECT_EQ(fields[1].options->rules[1].integer, 100);
    EXPECT_EQ(fields[2].outside, "keepFor");
    EXPECT_EQ(fields[2].options->rules[0].integer, 1'000'000'000);
    EXPECT_EQ(describe_fields<Documented>()[0].options->doc, "Where the server listens.");
}

TEST(Describe, PutsTheFieldsOfBasesFirst) {
    EXPECT_EQ(to_json(Derived{}), R"({"baseField":1,"ownField":2})");
    EXPECT_EQ(to_json(Empty{}), "{}");
}

TEST(Describe, WritesEnumeratorsAsTheTypeSaysAndReadsThemInAnyCase) {
    EXPECT_EQ(enum_text(Phase::out_of_service), "OUT_OF_SERVICE");
    EXPECT_EQ(enum_text(Strategy::least_loaded), "least-loaded");
    EXPECT_EQ(enum_text(Strategy::random), "dice");
    EXPECT_EQ(enum_from_text<Phase>("Out-Of-Service"), Phase::out_of_service);
    EXPECT_EQ(enum_from_text<Strategy>("leastLoaded"), Strategy::least_loaded);
    EXPECT_EQ(enum_from_text<Strategy>("random"), Strategy::random);
    EXPECT_EQ(enum_from_text<Strategy>("none"), std::nullopt);
}

}  // namespace
}  // namespace flotilla::reflect
