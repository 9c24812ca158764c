// Which route is meant: 10 routes beside 10,000.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "flotilla/gateway/route_table.hpp"
#include "flotilla/http/request_parser.hpp"

namespace flotilla::gateway {
namespace {

std::shared_ptr<const RouteTable> table_with(std::int64_t count) {
    RouteDefinitions definitions;
    for (std::int64_t i = 0; i < count; ++i) {
        definitions.routes.push_back(
            {.id = fmt::format("r{}", i),
             .uri = "http://a:80",
             .predicates =
                 {{"Path", {{"_genkey_0", fmt::format("/service-{}/**", i)}}},
                  {"Method", {{"_genkey_0", "GET"}}}}}
        );
    }
    return RouteTable::compile(definitions, Components::standard(), {}).value();
}

void find_route(benchmark::State& state) {
    const auto table = table_with(state.range(0));
    const std::string text =
        fmt::format("GET /service-{}/users/17?x=1 HTTP/1.1\r\nHost: gateway\r\n\r\n", state.range(0) / 2);
    http::RequestParser parser;
    (void)parser.parse(text);
    const runtime::Endpoint peer;
    for (auto _ : state) {
        http::HeaderBlock outgoing;
        http::Response response;
        Exchange exchange(
            {.head = parser.head(), .path = parser.head().path, .peer = peer}, outgoing, response
        );
        benchmark::DoNotOptimize(table->find(exchange));
    }
}

BENCHMARK(find_route)->Arg(10)->Arg(10'000);

}  // namespace
}  // namespace flotilla::gateway
