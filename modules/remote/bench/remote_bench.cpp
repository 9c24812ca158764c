// What a call by name costs over the bare HTTP client: the same exchange with the same server, which has a
// thread of its own.

#include <benchmark/benchmark.h>

#include "../tests/harness.hpp"
#include "../tests/quick_server.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/tracing/span_sink.hpp"

namespace flotilla::remote {

namespace {

using testing::at;
using testing::Harness;
using testing::QuickServer;
using testing::with_remote;

struct Greeter {
    static constexpr Target target{.service = "greeter"};

    Get<"/hello", std::string()> hello;
};

FLT_DESCRIBE(Greeter, hello)

void run(benchmark::State& state, bool by_name, resilience::CircuitBreaker* breaker) {
    const QuickServer server;
    metrics::Registry meters;
    tracing::NullSpanSink sink;
    tracing::Tracer tracer({}, Clock::system(), sink);
    testing::Setup setup;
    setup.options.telemetry = {.meters = &meters, .tracer = &tracer};
    setup.options.guards = [breaker](const GuardRequest&) { return Guards{.breaker = breaker}; };
    with_remote(std::move(setup), [&](Harness& h) -> Task<> {
        h.discovery.replace({at("greeter", "greeter-1", server.port())});
        const Greeter greeter = h.remote.client<Greeter>();
        const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/hello";
        for (auto _ : state) {
            if (by_name) {
                auto answer = co_await greeter.hello();
                if (!answer) state.SkipWithError(answer.error().message().c_str());
            } else {
                auto request = http::ClientRequest::get(url);
                request.header("Accept", "application/json").uri_template("/hello").service("greeter");
                auto answer = co_await h.remote.http().send(std::move(request));
                if (!answer) state.SkipWithError(answer.error().message().c_str());
            }
        }
    });
}

void BM_BareClient(benchmark::State& state) {
    run(state, false, nullptr);
}

void BM_ByName(benchmark::State& state) {
    run(state, true, nullptr);
}

void BM_ByNameThroughABreaker(benchmark::State& state) {
    resilience::CircuitBreaker breaker("greeter");
    run(state, true, &breaker);
}

BENCHMARK(BM_BareClient)->UseRealTime();
BENCHMARK(BM_ByName)->UseRealTime();
BENCHMARK(BM_ByNameThroughABreaker)->UseRealTime();

}  // namespace

}  // namespace flotilla::remote
