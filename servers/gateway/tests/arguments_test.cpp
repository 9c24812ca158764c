#include "flotilla/gateway/arguments.hpp"

#include <gtest/gtest.h>

namespace flotilla::gateway {
namespace {

Result<Arguments> bound(std::string_view text, const ArgumentNames& names) {
    const auto component = parse_component(text, ComponentKind::filter);
    return component ? Arguments::of(*component, names) : Result<Arguments>(std::unexpect, component.error());
}

TEST(Arguments, PositionalValuesGetTheirNames) {
    const auto args = bound("X=a, , b", {.order = {"name", "value"}});
    ASSERT_TRUE(args);
    EXPECT_EQ(args->text("name"), "a");
    EXPECT_EQ(args->text("value"), "b");
}

TEST(Arguments, ANameIsRelaxedButMustBeKnown) {
    const ArgumentNames names{.more = {"keyResolver", "rate.size"}};
    const ComponentDefinition good{"X", {{"key-resolver", "#{@me}"}, {"RATE.size", "5"}}};
    const auto args = Arguments::of(good, names);
    ASSERT_TRUE(args);
    EXPECT_EQ(args->text("keyResolver"), "@me");
    EXPECT_EQ(args->integer("rate.size", 1).value_or(0), 5);
    const auto bad = Arguments::of({"X", {{"keyResolverr", "x"}}}, names);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().message(), "argument 'keyResolverr' is unknown; there are: keyResolver, rate.size");
}

TEST(Arguments, AValueTooManyIsAnErrorAndSoIsAMissingOne) {
    EXPECT_FALSE(bound("X=a,b,c", {.order = {"name", "value"}}));
    EXPECT_FALSE(bound("X=a", {.order = {"name", "value"}}));
    EXPECT_TRUE(bound("X=a", {.order = {"name", "value"}, .optional = {"value"}}));
    EXPECT_FALSE(bound("X=a", {}));
}

TEST(Arguments, AListMayEndInAFlag) {
    const ArgumentNames names{.shortcut = Shortcut::list_with_tail_flag, .order = {"patterns", "flag"}};
    const auto with = bound("X=/a,/b,false", names);
    ASSERT_TRUE(with);
    EXPECT_EQ(with->list("patterns"), (std::vector<std::string>{"/a", "/b"}));
    EXPECT_FALSE(with->flag("flag", true).value_or(true));
    const auto named =
        Arguments::of({"X", {{"patterns.0", "/a"}, {"patterns.1", "/b"}, {"flag", "true"}}}, names);
    ASSERT_TRUE(named);
    EXPECT_EQ(named->list("patterns").size(), 2U);
    const auto comma = Arguments::of({"X", {{"patterns", "/a, /b"}}}, names);
    ASSERT_TRUE(comma);
    EXPECT_EQ(comma->list("patterns").size(), 2U);
}

TEST(GatewayFacts, F52_ExpressionsAreNeverEvaluated) {
    const auto args = bound("X=#{T(java.lang.Runtime)}", {.order = {"name"}});
    ASSERT_FALSE(args);
    EXPECT_NE(args.error().message().find("never evaluated"), std::string::npos);
    EXPECT_FALSE(bound("X=#{1+1}", {.order = {"name"}}));
    EXPECT_TRUE(bound("X=#{@bean}", {.order = {"name"}}));
}

TEST(Arguments, StatusesAreNumbersOrNames) {
    EXPECT_EQ(parse_status("UNAUTHORIZED").value_or(0), 401);
    EXPECT_EQ(parse_status("bad-gateway").value_or(0), 502);
    EXPECT_EQ(parse_status("I_AM_A_TEAPOT").value_or(0), 418);
    EXPECT_EQ(parse_status("999").value_or(0), 999);
    EXPECT_FALSE(parse_status("1000"));
    EXPECT_FALSE(parse_status("NOPE"));
}

}  // namespace
}  // namespace flotilla::gateway
