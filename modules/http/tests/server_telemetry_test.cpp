// What a server tells about its requests: meters, spans, log lines.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "flotilla/http/router.hpp"
#include "flotilla/log/captured_log.hpp"
#include "flotilla/tracing/span_sink.hpp"
#include "server_harness.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using testing::close_request;
using testing::ServerHarness;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

struct TimeoutError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

Task<> write_pieces(BodyWriter& body) {
    (void)co_await body.write("abc");
    (void)co_await body.write("def");
}

class Routes {
public:
    Routes() {
        router.get("/users/{id}", [this](Path<"id", int> id) {
            context = TaskContext::current().trace;
            return *id;
        });
        router.get("/late", []() -> std::string { throw TimeoutError("too late"); });
        router.post("/echo", [](Request& request) { return std::string(request.body()); });
        router.get("/pieces", [](Request&) {
            Response response;
            response.stream("text/plain", write_pieces);
            return response;
        });
        router.get("/sleeps", [this]() -> Task<std::string> {
            ++sleeping;
            while (!awake) co_await runtime::sleep_for(1ms);
            co_return "awake";
        });
    }

    Router router;
    TraceContext context;  // of the last handler
    int sleeping = 0;
    bool awake = false;
};

/// Series of http.server.requests with those tags in front of the uri.
std::string count_of(std::string_view exception, std::string_view rest) {
    return fmt::format(
        R"(http_server_requests_seconds_count{{error="{0}",exception="{0}",method="GET",{1}}})",
        exception,
        rest
    );
}

TEST(MetricsFacts, F11_UriIsTheTemplateAndUnknownPathsAreOneSeries) {
    metrics::Registry registry;
    Routes routes;
    testing::with_server(
        routes.router,
        [&](ServerHarness& f) -> Task<> {
            for (int i = 0; i < 3; ++i) {
                (void)co_await f.exchange(close_request("GET /users/" + std::to_string(i)));
                (void)co_await f.exchange(close_request("GET /nope/" + std::to_string(i)));
            }
        },
        {},
        {.meters = &registry}
    );
    const std::string text = registry.scrape();
    const auto known = count_of("none", R"(outcome="SUCCESS",status="200",uri="/users/{id}")");
    const auto unknown = count_of("none", R"(outcome="CLIENT_ERROR",status="404",uri="NOT_FOUND")");
    EXPECT_TRUE(has(text, known + " 3")) << text;
    EXPECT_TRUE(has(text, unknown + " 3")) << text;
    EXPECT_FALSE(has(text, "/nope")) << text;
}

TEST(MetricsFacts, F13_AHandlerThatThrowsIsCountedUnderTheNameOfItsException) {
    metrics::Registry registry;
    Routes routes;
    testing::with_server(
        routes.router,
        [](ServerHarness& f) -> Task<> { (void)co_await f.exchange(close_request("GET /late")); },
        {},
        {.meters = &registry}
    );
    const auto line = count_of("TimeoutError", R"(outcome="SERVER_ERROR",status="500",uri="/late")");
    EXPECT_TRUE(has(registry.scrape(), line + " 1")) << registry.scrape();
}

TEST(MetricsFacts, F14_RequestsInFlightAreCountedWhileTheySleep) {
    metrics::Registry registry;
    Routes routes;
    testing::with_server(
        routes.router,
        [&](ServerHarness& f) -> Task<> {
            std::vector<runtime::Stream> clients;
            for (int i = 0; i < 3; ++i) {
                clients.push_back(co_await f.connect());
                (void)co_await clients.back().write_all(close_request("GET /sleeps"));
            }
            while (routes.sleeping < 3) co_await runtime::sleep_for(1ms);
            const auto active = [&] {
                const std::string text = registry.scrape();
                const auto at = text.find("\nhttp_server_requests_active_seconds_count{");
                const auto value = text.find("} ", at);
                return at == std::string::npos ? "none"
                                               : text.substr(value + 2, text.find('\n', value) - value - 2);
            };
            EXPECT_EQ(active(), "3");
            routes.awake = true;
            for (auto& client : clients) EXPECT_TRUE((co_await f.read_to_end(client)).ends_with("awake"));
            EXPECT_EQ(active(), "0");
        },
        {},
        {.meters = &registry}
    );
}

/// The spans of one request with those headers, and the context that its handler saw.
struct Traced {
    std::vector<tracing::SpanData> spans;
    TraceContext context;
};

Traced trace(std::string_view path, std::string_view headers, bool join = true, ServerConfig server = {}) {
    Traced result;
    Routes routes;
    tracing::MemorySpanSink sink;
    tracing::TracerConfig config;
    config.supports_join = join;
    config.sampler = tracing::always_sampler();
    tracing::Tracer tracer(config, Clock::system(), sink);
    testing::with_server(
        routes.router,
        [&](ServerHarness& f) -> Task<> {
            (void)co_await f.exchange(close_request("GET " + std::string(path), headers));
        },
        server,
        {.tracer = &tracer}
    );
    result.spans = sink.take();
    result.context = routes.context;
    return result;
}

constexpr std::string_view client_ids =
    "X-B3-TraceId: 000000000000000a000000000000000b\r\nX-B3-SpanId: 000000000000000c\r\n"
    "X-B3-ParentSpanId: 000000000000000d\r\nX-B3-Sampled: 1\r\n";

TEST(TracingFacts, F01_B3ZeroGivesASpanThatIsNotReportedWhileLogsCarryNewIds) {
    const Traced traced = trace("/users/1", "b3: 0\r\n");
    EXPECT_TRUE(traced.spans.empty());
    EXPECT_TRUE(traced.context.valid());
    EXPECT_FALSE(traced.context.sampled);
}

TEST(TracingFacts, F02_B3DebugGivesReportedSpansWithDebug) {
    const Traced traced = trace("/users/1", "b3: d\r\n");
    ASSERT_EQ(traced.spans.size(), 1U);
    EXPECT_TRUE(traced.spans.front().context.debug);
    EXPECT_TRUE(traced.context.debug);
}

TEST(TracingFacts, F03_TheSingleHeaderWinsOverTheMultipleOnes) {
    const Traced traced = trace(
        "/users/1",
        std::string("b3: 00000000000000010000000000000002-0000000000000003-1\r\n").append(client_ids)
    );
    ASSERT_EQ(traced.spans.size(), 1U);
    EXPECT_EQ(trace_id_text(traced.spans.front().context), "00000000000000010000000000000002");
    EXPECT_EQ(span_id_text(traced.spans.front().context), "0000000000000003");
}

TEST(TracingFacts, F07_AServerSpanJoinsItsClientsOrIsItsChild) {
    const Traced joined = trace("/users/1", client_ids);
    ASSERT_EQ(joined.spans.size(), 1U);
    EXPECT_EQ(joined.spans.front().context.span_id, 0xcU);
    EXPECT_EQ(joined.spans.front().context.parent_id, 0xdU);
    EXPECT_TRUE(joined.spans.front().context.shared);
    const Traced child = trace("/users/1", client_ids, false);
    ASSERT_EQ(child.spans.size(), 1U);
    EXPECT_NE(child.spans.front().context.span_id, 0xcU);
    EXPECT_EQ(child.spans.front().context.parent_id, 0xcU);
    EXPECT_FALSE(child.spans.front().context.shared);
}

TEST(TracingFacts, F15_AnUnknownPathIsNamedNotFoundAndASuccessHasNoStatusTag) {
    const Traced unknown = trace("/nope", {});
    ASSERT_EQ(unknown.spans.size(), 1U);
    const tracing::SpanData& span = unknown.spans.front();
    EXPECT_EQ(span.kind, tracing::SpanKind::server);
    EXPECT_EQ(span.name(), "get not_found");
    EXPECT_EQ(span.find_tag("http.status_code").value_or(""), "404");
    EXPECT_EQ(span.find_tag("error").value_or(""), "404");
    EXPECT_EQ(span.remote().ip, "127.0.0.1");
    const Traced known = trace("/users/1", {});
    ASSERT_EQ(known.spans.size(), 1U);
    EXPECT_EQ(known.spans.front().name(), "get /users/{id}");
    EXPECT_FALSE(known.spans.front().find_tag("http.status_code"));
}

TEST(ServerSpans, TheOtherSideIsTheProxysClientWhereProxiesAreBelieved) {
    constexpr std::string_view passed_on = "X-Forwarded-For: 203.0.113.7:99, 10.0.0.1\r\n";
    const auto remote = [&](ForwardHeaders strategy, std::string_view headers) {
        ServerConfig config;
        config.forward_headers_strategy = strategy;
        const Traced traced = trace("/users/1", headers, true, config);
        return std::pair(std::string(traced.spans.at(0).remote().ip), traced.spans.at(0).remote().port != 0);
    };
    const std::pair<std::string, bool> peer("127.0.0.1", true);
    const std::pair<std::string, bool> client("203.0.113.7", false);
    EXPECT_EQ(remote(ForwardHeaders::none, passed_on), peer);
    EXPECT_EQ(remote(ForwardHeaders::native, passed_on), client);
    EXPECT_EQ(remote(ForwardHeaders::framework, passed_on), client);
    EXPECT_EQ(remote(ForwardHeaders::framework, "X-Forwarded-For: unknown\r\n"), peer);
    EXPECT_EQ(remote(ForwardHeaders::framework, {}), peer);
}

/// The lines of `http.access`, and of `http.server`, while clients do that.
std::vector<std::string> logged(
    Routes& routes, const std::function<Task<>(ServerHarness&)>& clients, ServerConfig config = {}
) {
    log::CapturedLog logs;
    config.access_log = true;
    testing::with_server(
        routes.router,
        clients,
        config,
        {.log = logs.logger("http.server"), .access_log = logs.logger("http.access")}
    );
    return logs.lines();
}

TEST(ServerLog, TellsEachAccessAndWhatWasSlow) {
    ServerConfig config;
    config.slow_request_threshold = 2ms;
    Routes routes;
    const auto lines = logged(
        routes,
        [&](ServerHarness& f) -> Task<> {
            (void)co_await f.exchange(close_request("GET /users/7?verbose=1"));
            auto client = co_await f.connect();
            (void)co_await client.write_all(close_request("GET /sleeps"));
            co_await runtime::sleep_for(5ms);
            routes.awake = true;
            (void)co_await f.read_to_end(client);
        },
        config
    );
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_TRUE(has(lines[0], "GET /users/7?verbose=1 HTTP/1.1 client=127.0.0.1 status=200 ")) << lines[0];
    EXPECT_TRUE(has(lines[0], " received=0 sent=1 micros=")) << lines[0];
    EXPECT_TRUE(lines[0].ends_with(" flags=-")) << lines[0];
    EXPECT_TRUE(has(lines[1], "GET /sleeps HTTP/1.1 client=127.0.0.1 status=200 received=0 sent=5 "));
    EXPECT_TRUE(has(lines[2], "slow request: GET /sleeps took ")) << lines[2];
}

TEST(ServerLog, CountsBodiesAndNotHeads) {
    Routes routes;
    const auto lines = logged(routes, [](ServerHarness& f) -> Task<> {
        (void)co_await f.exchange(
            "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
        );
        (void)co_await f.exchange("HEAD /users/7 HTTP/1.0\r\n\r\n");
        (void)co_await f.exchange(close_request("GET /pieces"));
    });
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_TRUE(has(lines[0], "POST /echo HTTP/1.1 client=127.0.0.1 status=200 received=7 sent=7 "));
    EXPECT_TRUE(has(lines[1], "HEAD /users/7 HTTP/1.0 client=127.0.0.1 status=200 received=0 sent=0 "));
    EXPECT_TRUE(has(lines[2], "GET /pieces HTTP/1.1 client=127.0.0.1 status=200 received=0 sent=6 "));
}

TEST(ServerLog, HasALineForWhatIsRefused) {
    Routes routes;
    const auto lines = logged(routes, [](ServerHarness& f) -> Task<> {
        (void)co_await f.exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n");
        (void
        )co_await f.exchange("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n");
    });
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(has(lines[0], "refused by S2: ")) << lines[0];
    EXPECT_TRUE(has(lines[0], " client=127.0.0.1 status=400 ")) << lines[0];
    EXPECT_TRUE(lines[0].ends_with(" flags=DPE")) << lines[0];
    EXPECT_TRUE(has(lines[1], "POST /echo HTTP/1.1 client=127.0.0.1 status=400 ")) << lines[1];
    EXPECT_TRUE(lines[1].ends_with(" flags=DPE")) << lines[1];
}

TEST(ServerLog, HasALineForWhoWentAway) {
    Routes routes;
    const auto lines = logged(routes, [&](ServerHarness& f) -> Task<> {
        {
            auto client = co_await f.connect();
            (void)co_await client.write_all(close_request("GET /sleeps"));
            while (routes.sleeping == 0) co_await runtime::sleep_for(1ms);
        }
        while (f.server.stats().connections > 0) co_await runtime::sleep_for(1ms);
    });
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(has(lines[0], "GET /sleeps HTTP/1.1 client=127.0.0.1 status=0 received=0 sent=0 "));
    EXPECT_TRUE(lines[0].ends_with(" flags=DC")) << lines[0];
}

TEST(ServerLog, HandlersAddWhomTheyAsked) {
    Routes routes;
    routes.router.get("/asks", [](Request& request) {
        AccessNote& note = *request.access_note();
        note.upstream = "10.0.0.7:80";
        note.attempts = 2;
        for (const char* word : {"UF", "URX", "UF"}) note.flag(word);
        return Status::bad_gateway;
    });
    const auto lines = logged(routes, [](ServerHarness& f) -> Task<> {
        (void)co_await f.exchange("GET /asks HTTP/1.1\r\nHost: x\r\n\r\n" + close_request("GET /users/7"));
    });
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[0].ends_with(" upstream=10.0.0.7:80 upstreamMicros=- attempts=2 flags=UF,URX"))
        << lines[0];
    EXPECT_TRUE(lines[1].ends_with(" flags=-")) << lines[1];
}

}  // namespace

}  // namespace flotilla::http
