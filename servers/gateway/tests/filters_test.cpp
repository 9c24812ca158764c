#include <gtest/gtest.h>

#include "shot.hpp"

namespace flotilla::gateway {
namespace {

/// Where a request ends up after these filters: path and query, or the status that they answer.
std::string sent(
    const std::vector<std::string>& filters, std::string_view line, std::string_view path = "/**"
) {
    const auto table = with_filters(filters, {}, path);
    if (!table) return "no table";
    Shot shot(line);
    if (!send(*table, shot)) return std::to_string(http::code_of(shot.response.status()));
    return std::string(shot->path()) + (shot->has_query() ? "?" + std::string(shot->query()) : "");
}

TEST(GatewayFacts, F01_RewritePathKeepsTheQuery) {
    EXPECT_EQ(
        sent({"RewritePath=/user-service/(?<segment>.*), /$\\{segment}"}, "GET /user-service/users/1?x=2"),
        "/users/1?x=2"
    );
}

TEST(Filters, RewritePathWorksOnTheRawPathAndRefusesWhatIsNoPath) {
    EXPECT_EQ(sent({"RewritePath=/a/(?<s>.*), /$\\{s}"}, "GET /a/x%20y"), "/x%20y");
    EXPECT_EQ(sent({"'RewritePath=/a/(?<s>.*), $\\{s}'"}, "GET /a/x"), "500");
    EXPECT_EQ(sent({"'RewritePath=/a, /b c'"}, "GET /a"), "500");
}

TEST(GatewayFacts, F02_StripPrefixDropsSegments) {
    EXPECT_EQ(sent({"StripPrefix=2"}, "GET /a/b/c/"), "/c/");
    EXPECT_EQ(sent({"StripPrefix=2"}, "GET /a/b"), "/");
    EXPECT_EQ(sent({"StripPrefix=2"}, "GET //a//b//c"), "/c");
    EXPECT_EQ(sent({"StripPrefix"}, "GET /a/b"), "/b");
}

TEST(GatewayFacts, F03_PrefixPathWorksOnce) {
    EXPECT_EQ(sent({"PrefixPath=/p", "PrefixPath=/p"}, "GET /a"), "/p/a");
    EXPECT_EQ(sent({"'PrefixPath=/{x}'"}, "GET /b%20c", "/{x}"), "/b%20c/b%20c");
}

TEST(Filters, SetPathExpandsVariablesAndEncodesThem) {
    EXPECT_EQ(sent({"'SetPath=/{segment}'"}, "GET /red/blue", "/red/{segment}"), "/blue");
    EXPECT_EQ(sent({"'SetPath=/{segment}'"}, "GET /red/b%3Fx", "/red/{segment}"), "/b%3Fx");
    EXPECT_EQ(sent({"'SetPath=/{nobody}'"}, "GET /red/blue"), "500");
}

TEST(Filters, PrefixesThatWereCutOffAreNotedForEachRewrite) {
    const auto table = with_filters({"StripPrefix=1", "StripPrefix=1"});
    Shot shot("GET /a/b/c");
    ASSERT_TRUE(send(*table, shot));
    EXPECT_EQ(shot->cut_prefixes(), "/a/b,/b");
    Shot bare("GET /a");
    ASSERT_TRUE(send(*with_filters({"StripPrefix=1"}), bare));
    EXPECT_EQ(bare->cut_prefixes(), "/a");
}

TEST(Filters, RequestParametersAreAddedAndRemovedInTheRawQuery) {
    EXPECT_EQ(sent({"AddRequestParameter=a, b"}, "GET /?x=%2B+1"), "/?x=%2B+1&a=b");
    EXPECT_EQ(sent({"AddRequestParameter=a, b"}, "GET /"), "/?a=b");
    EXPECT_EQ(sent({"'AddRequestParameter=a, {v}'"}, "GET /p%20q%26", "/{v}"), "/p%20q%26?a=p%20q%26");
    EXPECT_EQ(sent({"RemoveRequestParameter=a"}, "GET /?a=1&b=%26+x&%61=2"), "/?b=%26+x");
    EXPECT_EQ(sent({"RemoveRequestParameter=a"}, "GET /?a=1"), "/");
    EXPECT_EQ(sent({"RewriteRequestParameter=a, z"}, "GET /?a=1&b=2&a=3"), "/?b=2&a=z");
    EXPECT_EQ(sent({"RewriteRequestParameter=a, z"}, "GET /?b=2"), "/?b=2");
}

TEST(Filters, HostIsPreservedOrSet) {
    const auto preserved = with_filters({"PreserveHostHeader"});
    Shot one("GET /");
    ASSERT_TRUE(send(*preserved, one));
    EXPECT_EQ(one->host_to_send, "gateway:8000");
    const auto set = with_filters({"SetRequestHostHeader=x.org"});
    Shot other("GET /");
    ASSERT_TRUE(send(*set, other));
    EXPECT_EQ(other->host_to_send, "x.org");
}

std::vector<std::string> after_request(
    const std::vector<std::string>& filters,
    std::string_view name,
    std::string_view line = "GET /",
    ShotOptions options = {},
    std::string_view path = "/**"
) {
    const auto table = with_filters(filters, {}, path);
    Shot shot(line, std::move(options));
    if (!send(*table, shot)) return {std::to_string(http::code_of(shot.response.status()))};
    return shot->headers().values(name);
}

using Values = std::vector<std::string>;

TEST(Filters, RequestHeadersAreAddedSetRemovedAndCopied) {
    const ShotOptions has{.headers = "X: 0\r\n"};
    EXPECT_EQ(after_request({"AddRequestHeader=X, 1"}, "X", "GET /", has), (Values{"0", "1"}));
    EXPECT_EQ(after_request({"SetRequestHeader=x, 1"}, "X", "GET /", has), (Values{"1"}));
    EXPECT_EQ(after_request({"RemoveRequestHeader=x"}, "X", "GET /", has), Values{});
    EXPECT_EQ(after_request({"MapRequestHeader=X, Y"}, "Y", "GET /", has), (Values{"0"}));
    EXPECT_EQ(after_request({"AddRequestHeadersIfNotPresent=X:1,Y:2,Y:3"}, "X", "GET /", has), (Values{"0"}));
    EXPECT_EQ(
        after_request({"AddRequestHeadersIfNotPresent=X:1,Y:2,Y:3"}, "Y", "GET /", has), (Values{"2", "3"})
    );
    EXPECT_EQ(after_request({"'AddRequestHeader=X, {s}!'"}, "X", "GET /a/b", {}, "/a/{s}"), (Values{"b!"}));
}

TEST(GatewayFacts, F51_NoHeaderIsInjectedThroughASegment) {
    const auto table = with_filters({"'AddRequestHeader=X, {s}'"}, {}, "/{s}");
    Shot shot("GET /a");
    ASSERT_NE(table->find(*shot), nullptr);
    shot->variables().set("s", "a\r\nEvil: 1");
    EXPECT_FALSE(shot->route()->before(*shot));
    EXPECT_EQ(shot.response.status(), http::Status::internal_server_error);
    EXPECT_EQ(shot.outgoing.text().find("Evil"), std::string_view::npos);
}

/// The fields of an answer with these, after these filters.
Values answered(
    const std::vector<std::string>& filters,
    const std::vector<std::pair<std::string, std::string>>& fields,
    std::string_view name,
    ShotOptions options = {},
    std::string_view line = "GET /"
) {
    const auto table = with_filters(filters);
    Shot shot(line, std::move(options));
    EXPECT_TRUE(send(*table, shot));
    for (const auto& [field, value] : fields) shot.response.add(field, value);
    Answer answer(shot.response);
    shot->route()->after(*shot, answer);
    return answer.headers.values(name);
}

TEST(GatewayFacts, F10_AddResponseHeaderAppendsAndSetReplaces) {
    EXPECT_EQ(answered({"AddResponseHeader=X, 1"}, {{"X", "0"}}, "X"), (Values{"0", "1"}));
    EXPECT_EQ(answered({"SetResponseHeader=X, 1"}, {{"X", "0"}}, "X"), (Values{"1"}));
    EXPECT_EQ(answered({"AddResponseHeader=X, 1, false"}, {{"X", "0"}}, "X"), (Values{"0"}));
    EXPECT_EQ(answered({"AddResponseHeader=X, 1, false"}, {{"X", " "}}, "X").back(), "1");
    EXPECT_EQ(answered({"RemoveResponseHeader=x"}, {{"X", "0"}}, "X"), Values{});
}

TEST(GatewayFacts, F11_DedupeResponseHeaderKeepsByStrategy) {
    const std::vector<std::pair<std::string, std::string>> fields{
        {"V", "a"}, {"V", "b"}, {"V", "a"}, {"W", "1"}
    };
    EXPECT_EQ(answered({"DedupeResponseHeader=V W"}, fields, "V"), (Values{"a"}));
    EXPECT_EQ(answered({"DedupeResponseHeader=V W, RETAIN_LAST"}, fields, "V"), (Values{"a"}));
    EXPECT_EQ(answered({"DedupeResponseHeader=V W, retain-unique"}, fields, "V"), (Values{"a", "b"}));
    EXPECT_EQ(answered({"DedupeResponseHeader=V W"}, fields, "W"), (Values{"1"}));
}

TEST(GatewayFacts, F24_SecureHeadersAreAddedWhereTheUpstreamHasNone) {
    const std::vector<std::pair<std::string, std::string>> none;
    EXPECT_EQ(answered({"SecureHeaders"}, none, "X-Xss-Protection"), (Values{"1 ; mode=block"}));
    EXPECT_EQ(answered({"SecureHeaders"}, none, "Strict-Transport-Security"), (Values{"max-age=631138519"}));
    EXPECT_EQ(answered({"SecureHeaders"}, none, "X-Content-Type-Options"), (Values{"nosniff"}));
    EXPECT_EQ(answered({"SecureHeaders"}, none, "Referrer-Policy"), (Values{"no-referrer"}));
    EXPECT_EQ(
        answered({"SecureHeaders"}, none, "Content-Security-Policy"),
        (Values{"default-src 'self' https:; font-src 'self' https: data:; img-src 'self' https: data:; "
                "object-src 'none'; "
                "script-src https:; style-src 'self' https: 'unsafe-inline'"})
    );
    EXPECT_EQ(answered({"SecureHeaders"}, none, "X-Download-Options"), (Values{"noopen"}));
    EXPECT_EQ(answered({"SecureHeaders"}, none, "X-Permitted-Cross-Domain-Policies"), (Values{"none"}));
    EXPECT_EQ(
        answered({"SecureHeaders"}, {{"X-Frame-Options", "SAMEORIGIN"}}, "x-frame-options"),
        (Values{"SAMEORIGIN"})
    );
    EXPECT_EQ(answered({"SecureHeaders"}, none, "X-Frame-Options"), (Values{"DENY"}));
    EXPECT_EQ(
        answered(
            {"{name: SecureHeaders, args: {frameOptions: SAMEORIGIN, disable: 'x-download-options'}}"},
            none,
            "X-Frame-Options"
        ),
        (Values{"SAMEORIGIN"})
    );
    EXPECT_EQ(
        answered(
            {"{name: SecureHeaders, args: {disable: 'x-download-options'}}"}, none, "X-Download-Options"
        ),
        Values{}
    );
}

TEST(Filters, ResponseHeadersAreRewritten) {
    EXPECT_EQ(
        answered(
            {"RewriteResponseHeader=X, password=[^&]+, password=***"}, {{"X", "/?password=omg!what&a=b"}}, "X"
        ),
        (Values{"/?password=***&a=b"})
    );
    const std::vector<std::pair<std::string, std::string>> location{
        {"Location", "https://obj.org/v2/some/id?x=1"}
    };
    EXPECT_EQ(
        answered({"RewriteLocationResponseHeader"}, location, "Location"),
        (Values{"https://gateway:8000/some/id?x=1"})
    );
    EXPECT_EQ(
        answered({"RewriteLocationResponseHeader"}, location, "Location", {}, "GET /v1/some"),
        (Values{"https://gateway:8000/v2/some/id?x=1"})
    );
    EXPECT_EQ(
        answered({"'RewriteLocationResponseHeader=NEVER_STRIP, Location, x.org'"}, location, "Location"),
        (Values{"https://x.org/v2/some/id?x=1"})
    );
    EXPECT_EQ(
        answered({"RewriteLocationResponseHeader"}, {{"Location", "/relative"}}, "Location"),
        (Values{"/relative"})
    );
}

TEST(Filters, RedirectsWithoutAskingTheUpstream) {
    const auto table = with_filters({"SecureHeaders", "'RedirectTo=302, https://acme.org, true'"});
    Shot shot("GET /?a=b");
    EXPECT_FALSE(send(*table, shot));
    EXPECT_EQ(shot.response.status(), http::Status::found);
    EXPECT_EQ(shot.response.headers().find("Location"), "https://acme.org?a=b");
    EXPECT_EQ(shot.response.headers().find("X-Frame-Options"), "DENY") << "earlier filters see the answer";
    EXPECT_NE(
        refusal_of("routes: [{id: r, uri: 'http://a', filters: ['RedirectTo=200, https://a.org']}]"), ""
    );
}

TEST(Filters, SetsTheStatusOfAnAnswer) {
    const auto table =
        with_filters({"SetStatus=I_AM_A_TEAPOT"}, {.setting = [](std::string_view name) {
                         return std::string(name == "set-status.original-status-header-name" ? "X-Was" : "");
                     }});
    Shot shot("GET /");
    ASSERT_TRUE(send(*table, shot));
    Answer answer(shot.response);
    shot->route()->after(*shot, answer);
    EXPECT_EQ(answer.status(), 418);
    EXPECT_EQ(answer.headers.get("X-Was"), "[200]");
}

TEST(GatewayFacts, F09_DefaultFiltersAndOwnOnesInterleave) {
    const auto table = table_of(R"(
default-filters: ['AddRequestHeader=X, A', 'AddRequestHeader=X, B']
routes: [{id: r, uri: 'http://a', filters: ['AddRequestHeader=X, C', 'AddRequestHeader=X, D']}]
)");
    ASSERT_TRUE(table);
    Shot shot("GET /");
    ASSERT_TRUE(send(**table, shot));
    EXPECT_EQ(shot->headers().values("X"), (Values{"A", "C", "B", "D"}));
}

TEST(Filters, BodiesAndHeadersOverTheirSizeAreRefusedInSpringsWords) {
    const auto table = with_filters({"{name: RequestSize, args: {maxSize: 5KB}}"});
    Shot big("POST /", {.headers = "Content-Length: 6000000\r\n"});
    EXPECT_FALSE(send(*table, big));
    EXPECT_EQ(big.response.status(), http::Status::content_too_large);
    EXPECT_EQ(
        big.response.headers().find("errorMessage"),
        "Request size is larger than permissible limit. Request size is 6.0 MB where permissible limit is "
        "5.1 kB"
    );
    EXPECT_EQ(table->routes()[0].policies().max_body, 5120U);
    const auto headers = with_filters({"RequestHeaderSize=50"});
    Shot wide("GET /", {.headers = "X-Long: " + std::string(60, 'a') + "\r\n"});
    EXPECT_FALSE(send(*headers, wide));
    EXPECT_EQ(http::code_of(wide.response.status()), 431);
    EXPECT_EQ(
        wide.response.headers().find("errorMessage"),
        "Request Header/s size is larger than permissible limit (50B). Request Header/s size for 'X-Long' is "
        "66B."
    );
}

}  // namespace
}  // namespace flotilla::gateway
