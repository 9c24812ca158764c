// The engine alone behind one route: what a gateway can come to at best.
//
//     proxy_bench PORT UPSTREAM_PORT [plain]      `plain`: without metrics and trace

#include <charconv>
#include <cstdio>
#include <string_view>

#include "flotilla/proxy/forwarded.hpp"
#include "flotilla/proxy/proxy.hpp"

namespace {

using namespace flotilla;

class Forward final : public http::Handler {
public:
    Forward(proxy::Proxy& engine, proxy::Upstream upstream, bool traced)
        : engine_(engine), upstream_(std::move(upstream)), traced_(traced) {}

    [[nodiscard]] bool streams_body(const http::Request&) const override { return true; }

    http::Pending handle(http::Request& request, http::Response& response) override {
        return forward(request, response);
    }

private:
    Task<> forward(http::Request& request, http::Response& response) {
        const proxy::CopyRules rules{
            .hop_by_hop = engine_.hop_by_hop(), .drop_trace = traced_, .drop_forwarded = true
        };
        const auto out = engine_.take_outgoing();
        proxy::copy_request(request.head(), rules, *out);
        const proxy::ClientFacts facts{
            .peer = request.peer(), .secure = request.secure(), .host = request.head().host
        };
        proxy::write_forwarded(forwarded_, facts, request.fields(), out->fields);
        proxy::RequestBody body(request);
        proxy::Call call{request, response, *out, upstream_, body};
        const auto outcome = co_await engine_.forward(call);
        if (!outcome && !request.exchange().begun()) response.status(proxy::status_of(outcome.error()));
    }

    proxy::Proxy& engine_;
    proxy::Upstream upstream_;
    proxy::ForwardedConfig forwarded_;
    bool traced_;
};

struct Options {
    std::uint16_t port = 0;
    std::uint16_t upstream = 0;
    bool plain = false;
};

Task<int> serve(runtime::Runtime& runtime, Options options) {
    metrics::Registry meters;
    tracing::NullSpanSink sink;
    tracing::Tracer tracer({}, Clock::system(), sink);
    http::Telemetry telemetry;
    if (!options.plain) {
        telemetry.meters = &meters;
        telemetry.tracer = &tracer;
    }
    const auto engine = proxy::Proxy::create(runtime, {}, telemetry).value();
    const auto endpoint = runtime::Endpoint::parse("127.0.0.1", options.upstream).value();
    Forward handler(*engine, proxy::Upstream(endpoint, "127.0.0.1"), !options.plain);
    http::ServerConfig config;
    config.port = options.port;
    config.address = "127.0.0.1";
    http::Server server(runtime, config, handler, telemetry);
    const auto started = co_await server.start();
    if (!started) {
        std::fputs((started.error().message() + "\n").c_str(), stderr);
        co_return 1;
    }
    co_await runtime.next_signal();
    (void)co_await server.stop(Deadline::after(runtime.clock().now(), std::chrono::seconds(1)));
    co_await engine->stop();
    co_return 0;
}

std::uint16_t number(std::string_view text) {
    std::uint16_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: proxy_bench PORT UPSTREAM_PORT [plain]\n", stderr);
        return 2;
    }
    Options options{.port = number(argv[1]), .upstream = number(argv[2])};
    options.plain = argc > 3 && std::string_view(argv[3]) == "plain";
    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    return runtime.run(serve(runtime, options));
}
