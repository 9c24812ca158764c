/// What a call by name costs the heap, over the same request with the bare client.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "counted_heap.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "harness.hpp"
#include "quick_server.hpp"

namespace flotilla::remote {

namespace {

using testing::at;
using testing::Harness;
using testing::with_remote;

struct Greeter {
    static constexpr Target target{.service = "greeter"};

    Get<"/hello/{name}/and/more", std::string(Path<"name">)> hello;
};

FLT_DESCRIBE(Greeter, hello)

constexpr int warm = 200;
constexpr int times = 1000;

/// Of one call, after it has warmed up.
template <class Call>
Task<double> allocations_of(Call& call) {
    for (int i = 0; i < warm; ++i) co_await call();
    const std::size_t before = flotilla::testing::heap_allocations;
    for (int i = 0; i < times; ++i) co_await call();
    co_return static_cast<double>(flotilla::testing::heap_allocations - before) / times;
}

/// What the declared method sends, with the client that it uses.
struct BareCall {
    Task<> operator()() const {
        auto request = http::ClientRequest::get(url);
        request.header("Accept", "application/json")
            .uri_template("/hello/{name}/and/more")
            .service("greeter");
        const auto answer = co_await client.send(std::move(request));
        if (!answer) std::abort();
    }

    http::Client& client;
    std::string url;
};

struct NamedCall {
    Task<> operator()() const {
        const auto answer = co_await greeter.hello("you");
        if (!answer) std::abort();
    }

    const Greeter& greeter;
};

double measure(resilience::CircuitBreaker* breaker) {
    metrics::Registry meters;
    const testing::QuickServer server;
    testing::Setup setup;
    setup.options.telemetry.meters = &meters;
    setup.options.guards = [breaker](const GuardRequest&) { return Guards{.breaker = breaker}; };
    double more = 0;
    with_remote(std::move(setup), [&](Harness& h) -> Task<> {
        h.discovery.replace({at("greeter", "127.0.0.1:greeter:1", server.port())});
        const Greeter greeter = h.remote.client<Greeter>();
        BareCall bare{
            h.remote.http(), "http://127.0.0.1:" + std::to_string(server.port()) + "/hello/you/and/more"
        };
        NamedCall named{greeter};
        const double of_bare = co_await allocations_of(bare);
        const double of_named = co_await allocations_of(named);
        std::printf(
            "allocations per call: %.2f bare, %.2f by name%s\n",
            of_bare,
            of_named,
            breaker ? " through a circuit breaker" : ""
        );
        more = of_named - of_bare;
    });
    return more;
}

TEST(RemoteAllocation, ACallByNameCostsLessThanFiveMoreThanTheBareClient) {
    resilience::CircuitBreaker breaker("x");
    EXPECT_LT(measure(nullptr), 5.0);
    EXPECT_LT(measure(&breaker), 5.0);
}

}  // namespace

}  // namespace flotilla::remote
