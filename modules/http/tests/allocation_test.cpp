/// What a small request costs the heap.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>

#include "counted_heap.hpp"
#include "flotilla/http/router.hpp"
#include "server_harness.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

struct Salute {
    std::string message;
};

FLT_DESCRIBE(Salute, message)

/// A client on a thread of its own, so that the loop's thread counts the server alone.
void ask(const runtime::Endpoint& server, std::string_view request, int times, std::atomic<int>& answered) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, server.data(), server.size()) == 0) {
        std::array<char, 4096> buffer;
        for (int i = 0; i < times; ++i) {
            if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) break;
            if (::recv(fd, buffer.data(), buffer.size(), 0) <= 0) break;
            ++answered;
        }
    }
    ::close(fd);
    answered = times;
}

/// Of `times` requests on one connection, after it has warmed up.
double allocations_per_request(std::string_view path) {
    constexpr int times = 2000;
    constexpr int warm = 100;
    Router router;
    router.get("/hello", [] { return Salute{"Hello"}; });
    router.get("/waits", []() -> Task<Salute> { co_return Salute{"Hello"}; });
    std::size_t counted = 0;
    int seen = 0;
    testing::with_server(router, [&](testing::ServerHarness& f) -> Task<> {
        std::atomic<int> answered = 0;
        const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
        std::thread client([&] { ask(f.endpoint, request, times, answered); });
        while (answered < warm) co_await runtime::sleep_for(1ms);
        seen = answered;
        const std::size_t before = flotilla::testing::heap_allocations;
        while (answered < times) co_await runtime::sleep_for(1ms);
        counted = flotilla::testing::heap_allocations - before;
        seen = times - seen;
        client.join();
    });
    return seen == 0 ? 0 : static_cast<double>(counted) / seen;
}

TEST(HttpAllocation, ASmallRequestCostsAtMostTwo) {
    const double at_once = allocations_per_request("/hello");
    const double waiting = allocations_per_request("/waits");
    std::printf("allocations per request: %.2f at once, %.2f with a coroutine\n", at_once, waiting);
    EXPECT_LE(at_once, 2.0);
    EXPECT_LE(waiting, 4.0);
}

}  // namespace

}  // namespace flotilla::http
