// What a client tells about its calls: spans, trace headers, meters, log lines; and calls over TLS.

#include <gtest/gtest.h>

#include "../../runtime/tests/test_certificates.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/tracing/span_sink.hpp"
#include "scripted_server.hpp"
#include "temporary_folder.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using runtime::Runtime;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

Task<> mirror(Peer& peer) {
    for (;;) {
        const std::string request = co_await peer.request();
        if (request.empty()) co_return;
        if (has(request, "/missing"))
            co_await peer.say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        else if (has(request, "/silent"))
            co_await peer.closed_by_client();
        else
            co_await peer.answer(request);
    }
}

tracing::TracerConfig traced() {
    tracing::TracerConfig config;
    config.sampler = tracing::always_sampler();
    return config;
}

/// The tag of that key; empty when there is none.
std::string tag(const tracing::SpanData& span, std::string_view key) {
    return std::string(span.find_tag(key).value_or(std::string_view()));
}

TEST(ClientTelemetry, EachAttemptIsAClientSpanAndItsIdsGoOutInBothFormats) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        tracing::MemorySpanSink sink;
        tracing::Tracer tracer(traced(), Clock::system(), sink);
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime, {}, {.tracer = &tracer});
        TraceContext parent;
        {
            tracing::Span outer = tracer.start_local("work");
            const tracing::Scope scope(outer);
            parent = outer.context();
            const auto answer = co_await client.send(ClientRequest::get(server.url("/a?b=c")));
            const std::string& sent = answer.value().body();
            EXPECT_TRUE(has(sent, "X-B3-TraceId: " + trace_id_text(parent) + "\r\n")) << sent;
            EXPECT_TRUE(has(sent, "X-B3-ParentSpanId: " + span_id_text(parent) + "\r\n")) << sent;
            EXPECT_TRUE(has(sent, "X-B3-Sampled: 1\r\n")) << sent;
            EXPECT_TRUE(has(sent, "traceparent: 00-" + trace_id_text(parent) + "-")) << sent;
            outer.abandon();
        }
        const auto spans = sink.take();
        EXPECT_EQ(spans.size(), 1U);
        if (spans.empty()) co_return;
        const auto& span = spans.front();
        EXPECT_EQ(span.kind, tracing::SpanKind::client);
        EXPECT_EQ(span.name(), "get");
        EXPECT_EQ(tag(span, "http.method"), "GET");
        EXPECT_EQ(tag(span, "http.path"), "/a");
        EXPECT_EQ(tag(span, "error"), "");
        EXPECT_EQ(span.remote().ip, "127.0.0.1");
        EXPECT_EQ(span.remote().port, server.port());

        auto missing = ClientRequest::get(server.url("/missing")).service("order-service");
        EXPECT_EQ((co_await client.send(std::move(missing))).value().status(), 404);
        const auto failed = sink.take();
        EXPECT_EQ(tag(failed.front(), "http.status_code"), "404");
        EXPECT_EQ(tag(failed.front(), "error"), "404");
        EXPECT_EQ(failed.front().remote().service, "order-service");

        EXPECT_FALSE(co_await client.send(ClientRequest::get("http://127.0.0.1:1/")));
        EXPECT_TRUE(has(tag(sink.take().front(), "error"), "Connection refused"));
        co_await server.stop();
    });
}

TEST(ClientTelemetry, CallsAreTimedUnderSpringsNameAndTags) {
    run_on_loop([](Runtime& runtime) -> Task<> {
        metrics::Registry registry;
        ScriptedServer server(runtime.loop(0), mirror);
        {
            Client client(runtime, {.name = "orders"}, {.meters = &registry});
            for (int i = 0; i < 3; ++i) {
                auto request = ClientRequest::get(server.url("/users/7")).uri_template("/users/{id}");
                EXPECT_TRUE(co_await client.send(std::move(request)));
            }
            EXPECT_FALSE(co_await client.send(ClientRequest::get("http://127.0.0.1:1/")));
            EXPECT_FALSE(co_await client.send(ClientRequest::get(server.url("/silent")).response_timeout(2ms))
            );
            EXPECT_TRUE(co_await client.send(ClientRequest::get(server.url("/missing"))));
            const std::string text = registry.scrape();
            for (const std::string_view line : {
                     R"(http_client_requests_seconds_count{client_name="127.0.0.1",error="none",exception="none",method="GET",outcome="SUCCESS",status="200",uri="/users/{id}"} 3)",
                     R"(http_client_requests_seconds_count{client_name="127.0.0.1",error="none",exception="none",method="GET",outcome="CLIENT_ERROR",status="404",uri="none"} 1)",
                     R"(http_client_requests_seconds_count{client_name="127.0.0.1",error="ResourceAccessException",exception="ResourceAccessException",method="GET",outcome="UNKNOWN",status="CLIENT_ERROR",uri="none"} 2)",
                     R"(http_client_timeouts_total{client="orders",phase="response"} 1)",
                     R"(http_client_timeouts_total{client="orders",phase="connect"} 0)",
                     R"(http_client_connections{client="orders",state="idle"} 1)",
                     R"(http_client_connections{client="orders",state="active"} 0)",
                     R"(http_client_pending{client="orders"} 0)",
                 })
                EXPECT_TRUE(has(text, line)) << line << "\n" << text;
        }
        EXPECT_FALSE(has(registry.scrape(), "http_client_connections"));
        co_await server.stop();
    });
}

TEST(ClientTelemetry, TimeoutsAreWarnedOfOnceInAWhileForEachPhase) {
    auto owned = std::make_unique<log::MemorySink>();
    const log::MemorySink& sink = *owned;
    std::vector<std::unique_ptr<log::Sink>> sinks;
    sinks.push_back(std::move(owned));
    log::LogSystem logs({}, std::move(sinks));
    run_on_loop([&](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror);
        Client client(runtime, {}, {.log = logs.logger("http.client")});
        for (int i = 0; i < 5; ++i)
            EXPECT_FALSE(co_await client.send(ClientRequest::get(server.url("/silent")).response_timeout(2ms))
            );
        co_await server.stop();
    });
    logs.flush();
    EXPECT_EQ(sink.lines().size(), 1U);
    if (!sink.lines().empty())
        EXPECT_TRUE(has(sink.lines().front(), "waiting for the answer of")) << sink.lines().front();
}

TEST(ClientTls, VerifiesTheServerAndKeepsTheConnection) {
    const test_support::TemporaryFolder folder;
    const auto authority = runtime::TestCertificate::self_signed("Test authority", true);
    const auto certificate = runtime::TestCertificate::signed_by(authority, "localhost");
    authority.write_certificate(folder.file("ca.pem"));
    certificate.write_certificate(folder.file("server.pem"));
    certificate.write_key(folder.file("server.key"));
    runtime::TlsConfig server_tls;
    server_tls.certificate = folder.file("server.pem");
    server_tls.certificate_private_key = folder.file("server.key");
    const auto context = runtime::TlsContext::server(server_tls).value();
    runtime::TlsConfig trust;
    trust.trust_certificate = folder.file("ca.pem");
    run_on_loop([&](Runtime& runtime) -> Task<> {
        ScriptedServer server(runtime.loop(0), mirror, context);
        Client client(runtime, {.tls = trust});
        for (int i = 0; i < 3; ++i) {
            const auto answer = co_await client.send(ClientRequest::get(server.url()));
            EXPECT_TRUE(answer) << answer.error().message();
        }
        EXPECT_EQ(server.connections(), 1);
        auto large = ClientRequest::post(server.url()).body(std::string(1 << 20, 'x'), "a/b");
        EXPECT_GT((co_await client.send(std::move(large))).value().body().size(), std::size_t{1 << 20});

        const std::string by_address = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
        const auto wrong = co_await client.send(ClientRequest::get(by_address));
        EXPECT_EQ(wrong.error().code(), Errc::refused);
        EXPECT_TRUE(has(wrong.error().message(), "IP address mismatch")) << wrong.error().message();

        Client untrusting(runtime);
        const auto unknown = co_await untrusting.send(ClientRequest::get(server.url()));
        EXPECT_TRUE(has(unknown.error().message(), "certificate verify failed")) << unknown.error().message();

        // A server that speaks no TLS waits for the end of a request that never comes.
        ScriptedServer plain(runtime.loop(0), mirror);
        const std::string secure_url = "https://localhost:" + std::to_string(plain.port()) + "/";
        Client hasty(runtime, {.timeouts = {.tls = 20ms}, .tls = trust});
        const auto no_tls = co_await hasty.send(ClientRequest::get(secure_url));
        EXPECT_TRUE(has(no_tls.error().message(), "timed out after 20ms in the TLS handshake with localhost:")
        ) << no_tls.error().message();
        co_await plain.stop();
        co_await server.stop();
    });
}

}  // namespace

}  // namespace flotilla::http
