/// What spans cost the heap.

#include <gtest/gtest.h>

#include "counted_heap.hpp"
#include "flotilla/tracing/http_rules.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::tracing {

namespace {

/// Allocations of a request after the first, which may fill the pool.
std::size_t per_request(Tracer& tracer) {
    std::size_t counted = 0;
    for (int i = 0; i < 2; ++i) {
        const std::size_t before = testing::heap_allocations;
        IncomingHeaders in;
        in.b3 = "5e8eeec48b08e26882aba313eb08f0a4-dcc1df555b5777b3";
        Span server =
            tracer.start_server(tracer.propagator().extract(in), {.method = "GET", .path = "/users/1"});
        const Scope scope(server);
        {
            const Span client = tracer.start_client("get");
            client.tag("http.method", "GET");
            OutgoingHeaders out;
            tracer.inject(client, out);
        }
        server.tag("http.method", "GET");
        server.tag("http.path", "/users/1");
        server.tag("user", "u1");
        server.tag("items", 42);
        server.name("get /users/{id}");
        server.finish();
        counted = testing::heap_allocations - before;
    }
    return counted;
}

TEST(Allocations, ThereAreNoneForARequestThatIsNotSampled) {
    NullSpanSink sink;
    Tracer tracer({.sampler = never_sampler()}, Clock::system(), sink);
    EXPECT_EQ(per_request(tracer), 0U);
}

TEST(Allocations, NorForOneThatIsOnceThePoolIsFilled) {
    NullSpanSink sink;
    Tracer tracer({.sampler = always_sampler()}, Clock::system(), sink);
    EXPECT_EQ(per_request(tracer), 0U);
}

}  // namespace

}  // namespace flotilla::tracing
