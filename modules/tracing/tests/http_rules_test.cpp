#include "flotilla/tracing/http_rules.hpp"

#include <gtest/gtest.h>

namespace flotilla::tracing {

namespace {

/// What a server span looks like after such an exchange.
SpanData described(const HttpExchange& exchange, const EndpointView& peer = {}) {
    ManualClock clock;
    MemorySpanSink sink;
    Random random(1);
    Tracer tracer({.sampler = always_sampler()}, clock, sink, &random);
    {
        const Span span = tracer.start_server({});
        describe_http_server(span, exchange, peer);
    }
    return sink.take().at(0);
}

TEST(HttpRules, NamesAServerSpanAfterItsRoute) {
    EXPECT_EQ(
        http_server_span_name({.method = "GET", .path = "/users/7", .route = "/users/{userId}", .status = 200}
        ),
        "get /users/{userid}"
    );
    EXPECT_EQ(http_server_span_name({.method = "GET", .path = "/x", .status = 404}), "get not_found");
    EXPECT_EQ(http_server_span_name({.method = "GET", .path = "/x", .status = 302}), "get redirected");
    EXPECT_EQ(http_server_span_name({.method = "POST", .path = "/x", .status = 500}), "post");
    EXPECT_EQ(
        http_server_span_name({.method = "GET", .path = "/u/7", .route = "/u/{id}", .status = 404}),
        "get /u/{id}"
    );
}

TEST(HttpRules, TagsOnlyWhatIsUnusual) {
    struct Row {
        int status;
        std::optional<std::string_view> status_tag;
        std::optional<std::string_view> error_tag;
    };

    const Row rows[] = {
        {0, {}, {}},
        {99, "99", "99"},
        {101, "101", {}},
        {200, {}, {}},
        {204, {}, {}},
        {299, {}, {}},
        {304, "304", {}},
        {399, "399", {}},
        {400, "400", "400"},
        {404, "404", "404"},
        {503, "503", "503"},
    };
    for (const Row& row : rows) {
        const SpanData span =
            described({.method = "GET", .path = "/a?token=x", .route = "/a", .status = row.status});
        EXPECT_EQ(span.find_tag("http.status_code"), row.status_tag) << row.status;
        EXPECT_EQ(span.find_tag("error"), row.error_tag) << row.status;
        EXPECT_EQ(span.find_tag("http.path"), "/a") << "no query";
        EXPECT_EQ(span.find_tag("http.method"), "GET");
    }
}

TEST(HttpRules, AnExceptionsTextGoesBeforeTheStatus) {
    const SpanData span = described({.method = "GET", .path = "/a", .status = 500, .error = "out of stock"});
    EXPECT_EQ(span.find_tag("error"), "out of stock");
    EXPECT_EQ(span.find_tag("http.status_code"), "500");
}

TEST(HttpRules, LeavesWhatTheUsersCodeHasSet) {
    ManualClock clock;
    MemorySpanSink sink;
    Random random(1);
    Tracer tracer({.sampler = always_sampler()}, clock, sink, &random);
    {
        const Span span = tracer.start_server({}, {.name = "checkout"});
        span.tag("http.path", "/hidden");
        span.error("mine");
        describe_http_server(
            span, {.method = "GET", .path = "/a", .status = 500}, {.ip = "10.1.1.1", .port = 99}
        );
    }
    const SpanData span = sink.take().at(0);
    EXPECT_EQ(span.name(), "checkout");
    EXPECT_EQ(span.find_tag("http.path"), "/hidden");
    EXPECT_EQ(span.find_tag("error"), "mine");
    EXPECT_EQ(span.remote(), (EndpointView{"", "10.1.1.1", 99}));
}

TEST(HttpRules, AClientSpanIsNamedAfterTheMethod) {
    ManualClock clock;
    MemorySpanSink sink;
    Random random(1);
    Tracer tracer({.sampler = always_sampler()}, clock, sink, &random);
    {
        const Span span = tracer.start_client();
        describe_http_client(
            span,
            {.method = "GET", .path = "/stock", .error = "connection refused"},
            {.service = "catalog-service", .ip = "10.0.0.3", .port = 8080}
        );
    }
    const SpanData span = sink.take().at(0);
    EXPECT_EQ(span.kind, SpanKind::client);
    EXPECT_EQ(span.name(), "get");
    EXPECT_EQ(span.find_tag("error"), "connection refused");
    EXPECT_FALSE(span.find_tag("http.status_code"));
    EXPECT_EQ(span.remote().service, "catalog-service");
}

TEST(HttpRules, TakesTheFirstForwardedAddressWithoutItsPort) {
    EXPECT_EQ(forwarded_client("203.0.113.7, 10.0.0.1"), "203.0.113.7");
    EXPECT_EQ(forwarded_client(" 203.0.113.7:4711"), "203.0.113.7");
    EXPECT_EQ(forwarded_client("[2001:db8::1]:99"), "2001:db8::1");
    EXPECT_EQ(forwarded_client("2001:db8::1"), "2001:db8::1");
    for (const char* text : {"", "unknown", "_hidden", "[2001:db8::1", "evil\" ip", ",", ":80"})
        EXPECT_EQ(forwarded_client(text), "") << text;
}

}  // namespace

}  // namespace flotilla::tracing
