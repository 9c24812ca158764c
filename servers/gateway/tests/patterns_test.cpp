#include <gtest/gtest.h>

#include "flotilla/gateway/host_pattern.hpp"
#include "flotilla/gateway/path_pattern.hpp"
#include "flotilla/gateway/text_pattern.hpp"

namespace flotilla::gateway {
namespace {

std::string replaced(std::string_view regex, std::string_view replacement, std::string_view text) {
    const auto pattern = TextPattern::compile(regex);
    EXPECT_TRUE(pattern) << regex;
    const auto made = Replacement::compile(*pattern, replacement);
    EXPECT_TRUE(made) << replacement;
    return made->apply(text).value_or("(no match)");
}

std::string compile_error(std::string_view regex) {
    const auto pattern = TextPattern::compile(regex);
    return pattern ? "" : pattern.error().message();
}

TEST(TextPattern, ReplacesWithNamedAndNumberedGroups) {
    EXPECT_EQ(replaced("/user-service/(?<segment>.*)", "/$\\{segment}", "/user-service/users/1"), "/users/1");
    EXPECT_EQ(replaced("/a/(.)(.)", "/$2$1", "/a/xy"), "/yx");
    EXPECT_EQ(replaced("(a)", "$10", "a"), "a0") << "as Java: ten is no group, so it is one and a nought";
    EXPECT_EQ(replaced("a", "\\$x", "bab"), "b$xb");
    EXPECT_EQ(replaced("/svc/?(?<remaining>.*)", "/${remaining}", "/svc/a/b"), "/a/b");
}

TEST(TextPattern, ReplacesEveryMatchAndAnEmptyOneAtTheEndAsJavaDoes) {
    EXPECT_EQ(replaced("b", "x", "abcb"), "axcx");
    EXPECT_EQ(replaced(".*", "x", "abc"), "xx");
    EXPECT_EQ(replaced("z", "x", "abc"), "(no match)");
}

TEST(TextPattern, RefusesWhatNeedsBacktrackingOrMeansSomethingElse) {
    EXPECT_NE(compile_error("(?=x)").find("look-around"), std::string::npos);
    EXPECT_NE(compile_error("(?<!x)y").find("look-around"), std::string::npos);
    EXPECT_NE(compile_error("(a)\\1").find("back references"), std::string::npos);
    EXPECT_NE(compile_error("a++").find("possessive"), std::string::npos);
    EXPECT_NE(compile_error("[a&&b]").find("&&"), std::string::npos);
    EXPECT_NE(compile_error("[a[b]]").find("inside another"), std::string::npos);
    EXPECT_NE(compile_error("(").size(), 0U);
    EXPECT_NE(compile_error(std::string(5000, 'a')).find("4096"), std::string::npos);
    EXPECT_EQ(compile_error("[[:alpha:]\\[]+"), "");
    EXPECT_EQ(compile_error("\\Q(?=\\E"), "");
}

TEST(TextPattern, RefusesAGroupThatThePatternDoesNotHave) {
    const auto pattern = TextPattern::compile("/(?<a>.)");
    ASSERT_TRUE(pattern);
    EXPECT_FALSE(Replacement::compile(*pattern, "/${b}"));
    EXPECT_FALSE(Replacement::compile(*pattern, "/$2"));
    EXPECT_FALSE(Replacement::compile(*pattern, "/$"));
    EXPECT_FALSE(Replacement::compile(*pattern, "/${a"));
}

TEST(TextPattern, TakesTimeThatGrowsWithTheTextAlone) {
    const auto pattern = TextPattern::compile("(a+)+$");
    ASSERT_TRUE(pattern);
    EXPECT_FALSE(pattern->matches(std::string(100'000, 'a') + "b"));
}

/// The captures as `name=value` pairs, or `-`.
std::string matched(
    std::string_view pattern, std::string_view path, TrailingSlash slash = TrailingSlash::exact
) {
    const auto parsed = PathPattern::parse(pattern);
    EXPECT_TRUE(parsed) << pattern;
    Arena arena;
    Variables variables(arena);
    const RequestPath request(path, arena);
    if (!parsed->match(request, slash, variables)) return "-";
    std::string out = "yes";
    for (const std::string_view name : {"x", "y", "rest"})
        if (const auto value = variables.find(name))
            out += " " + std::string(name) + "=" + std::string(*value);
    return out;
}

TEST(PathPattern, MatchesLiteralsAndWildcardsBySegment) {
    EXPECT_EQ(matched("/a/b", "/a/b"), "yes");
    EXPECT_EQ(matched("/a/b", "/a/B"), "-");
    EXPECT_EQ(matched("/a?c", "/abc"), "yes");
    EXPECT_EQ(matched("/*.txt", "/x.txt"), "yes");
    EXPECT_EQ(matched("/*", "/"), "-");
    EXPECT_EQ(matched("/*", "/a/b"), "-");
    EXPECT_EQ(matched("/a**", "/abc"), "yes");
    EXPECT_EQ(matched("/a**", "/abc/d"), "-");
    EXPECT_EQ(matched("a/b", "/a/b"), "yes");
}

TEST(PathPattern, TwoStarsTakeTheRestAndNoDoubleSlashInFront) {
    for (const std::string_view path : {"/a", "/a/", "/a/b/c"})
        EXPECT_EQ(matched("/a/**", path), "yes") << path;
    EXPECT_EQ(matched("/a/**", "//a"), "-");
    EXPECT_EQ(matched("/a/**", "/ab"), "-");
    EXPECT_EQ(matched("/**", "/"), "yes");
    EXPECT_EQ(matched("/a/{*rest}", "/a/b/c"), "yes rest=/b/c");
    EXPECT_EQ(matched("/a/{*rest}", "/a"), "yes rest=");
}

TEST(PathPattern, CapturesWhatIsDecodedAndWithoutMatrixParameters) {
    EXPECT_EQ(matched("/u/{x}", "/u/a%20b;m=1"), "yes x=a b");
    EXPECT_EQ(matched("/u/{x}", "/u/a%2Fb"), "yes x=a/b");
    EXPECT_EQ(matched("/u/{x}/b", "/u/a%2Fb"), "-");
    EXPECT_EQ(matched("/{x:\\d{2,3}}/z", "/123/z"), "yes x=123");
    EXPECT_EQ(matched("/{x:\\d{2,3}}/z", "/1/z"), "-");
    EXPECT_EQ(matched("/{x}-{y}.json", "/a-b.json"), "yes x=a y=b");
    EXPECT_EQ(matched("/%61", "/%61"), "-") << "a pattern is text, not an escape";
    EXPECT_EQ(matched("/a", "/%61"), "yes");
}

TEST(PathPattern, ATrailingSlashMayBeOptional) {
    EXPECT_EQ(matched("/red/{x}", "/red/1/", TrailingSlash::optional), "yes x=1");
    EXPECT_EQ(matched("/red/{x}", "/red/1/", TrailingSlash::exact), "-");
    EXPECT_EQ(matched("/red/{x}", "/red/1//", TrailingSlash::optional), "-");
    EXPECT_EQ(matched("/red/", "/red", TrailingSlash::optional), "-");
}

TEST(PathPattern, RefusesWhatItDoesNotUnderstand) {
    for (const std::string_view wrong : {"/a/**/b", "/{x", "/{}", "/{x}/{x}", "/a}", "/{*a}/b", "/{x:(?=y)}"})
        EXPECT_FALSE(PathPattern::parse(wrong)) << wrong;
}

std::string host_matched(std::string_view pattern, std::string_view host) {
    const auto parsed = HostPattern::parse(pattern);
    EXPECT_TRUE(parsed) << pattern;
    Arena arena;
    Variables variables(arena);
    if (!parsed->match(host, variables)) return "-";
    const auto sub = variables.find("sub");
    return sub ? "sub=" + std::string(*sub) : "yes";
}

TEST(GatewayFacts, F08_HostPatternsMatchWithPortAndCaptureLabels) {
    EXPECT_EQ(host_matched("**.somehost.org", "beta.somehost.org:8000"), "yes");
    EXPECT_EQ(host_matched("**.somehost.org", "a.b.somehost.org"), "yes");
    EXPECT_EQ(host_matched("**.somehost.org", "somehost.org"), "yes");
    EXPECT_EQ(host_matched("**.somehost.org", "evilsomehost.org"), "-");
    EXPECT_EQ(host_matched("{sub}.somehost.org", "beta.SomeHost.org:8000"), "sub=beta");
    EXPECT_EQ(host_matched("{sub}.somehost.org", "a.b.somehost.org"), "-");
    EXPECT_EQ(host_matched("api.org:8443", "API.org:8443"), "yes");
    EXPECT_EQ(host_matched("api.org:8443", "api.org:80"), "-");
    EXPECT_EQ(host_matched("*.org", "x.org"), "yes");
}

}  // namespace
}  // namespace flotilla::gateway
