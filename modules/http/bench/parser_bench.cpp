// What a message head costs: `flotilla_http_bench --benchmark_filter=Head`.

#include <benchmark/benchmark.h>

#include "flotilla/http/request_parser.hpp"
#include "flotilla/http/response_parser.hpp"

namespace flotilla::http {
namespace {

constexpr std::string_view load_generator =
    "GET /hello/world?name=flotilla HTTP/1.1\r\nHost: 127.0.0.1:9101\r\nUser-Agent: load-generator/1.0\r\n"
    "Accept: */*\r\nConnection: keep-alive\r\n\r\n";

constexpr std::string_view browser =
    "GET /user-service/users/1234567890/orders HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Referer: https://shop.example.com/catalog/items/42?sort=price\r\n"
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark\r\n"
    "DNT: 1\r\n"
    "Connection: keep-alive\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "\r\n";

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 09 Mar 2026 15:00:00 GMT\r\n"
    "Content-Length: 27\r\n\r\n";

void parse_request(benchmark::State& state, std::string_view text) {
    RequestParser parser;
    for (auto _ : state) {
        parser.reset();
        benchmark::DoNotOptimize(parser.parse(text));
        benchmark::DoNotOptimize(parser.head().fields.get(KnownField::accept));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void parse_response(benchmark::State& state, std::string_view text) {
    ResponseParser parser;
    for (auto _ : state) {
        parser.reset(Method::get);
        benchmark::DoNotOptimize(parser.parse(text));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK_CAPTURE(parse_request, Head_load_generator, load_generator);
BENCHMARK_CAPTURE(parse_request, Head_browser, browser);
BENCHMARK_CAPTURE(parse_response, Head_answer, answer);

}  // namespace
}  // namespace flotilla::http
