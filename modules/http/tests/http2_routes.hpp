#pragma once
// Routes that the tests of HTTP/2 ask, and what their handlers have seen.

#include <memory>
#include <string>

#include "flotilla/http/event_stream.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "server_harness.hpp"

namespace flotilla::http::testing {

class Http2Routes {
public:
    Http2Routes() {
        router.get("/hello", [](Request& request) { return "hello " + std::string(request.header("host")); });
        router.get("/cookie", [](Request& request) { return std::string(request.header("cookie")); });
        router.get("/empty", [] { return Response(Status::no_content); });
        router.get("/throws", []() -> std::string { throw std::runtime_error("broken"); });
        router.get("/slow", []() -> Task<std::string> {
            co_await runtime::sleep_for(std::chrono::milliseconds(30));
            co_return "at last";
        });
        router.get("/never", [this]() -> Task<std::string> {
            const Ending ending(*this);
            co_await runtime::sleep_for(std::chrono::seconds(60));
            co_return "never";
        });
        router.post("/echo", [](Request& request) { return std::string(request.body()); });
        router.post("/ignore", [] { return std::string("ignored"); }, {.streams_body = true});
        router.post("/mirror", mirror, {.streams_body = true});
        router.post(
            "/hold",
            [this](Request& request) -> Task<std::string> {
                co_await go_on.wait();
                std::size_t size = 0;
                for (;;) {
                    const auto piece = co_await request.body_reader().read();
                    if (!piece) co_return "failed";
                    if (piece->empty()) break;
                    size += piece->size();
                }
                const auto& trailers = request.exchange().request_trailers();
                co_return std::to_string(size) + std::string(trailers.get("x-sum"));
            },
            {.streams_body = true}
        );
        router.get("/endless", [this] {
            return streamed([this](BodyWriter& body) -> Task<> {
                const Ending ending(*this);
                const std::string piece(10'000, 'x');
                for (;;) {
                    const auto done = co_await body.write(piece);
                    if (!done) co_return;
                    written += piece.size();
                }
            });
        });
        router.get("/events", [this] {
            Response response;
            response.events([this](EventStream& to) -> Task<> {
                for (int i = 0; i < 3; ++i) {
                    const std::string number = std::to_string(i);
                    SseEvent event;
                    event.data = number;
                    (void)co_await to.send(event);
                    co_await go_on.wait();
                }
            });
            return response;
        });
        router.get("/trailers", [] {
            return streamed([](BodyWriter& body) -> Task<> {
                (void)co_await body.write("body");
                body.trailer("X-Sum", "7");
            });
        });
        router.get("/cut", [] {
            return streamed([](BodyWriter& body) -> Task<> {
                (void)co_await body.write("half");
                (void)co_await body.flush();
                throw std::runtime_error("too late");
            });
        });
        router.get("/early", [] {
            return streamed([](BodyWriter& body) -> Task<> {
                (void)co_await body.write("lost");
                throw std::runtime_error("in time");
            });
        });
    }

    static Response streamed(std::function<Task<>(BodyWriter&)> produce) {
        Response response;
        response.stream("text/plain", std::move(produce));
        return response;
    }

    static Response mirror(Request& request) {
        return streamed([&request](BodyWriter& body) -> Task<> {
            for (;;) {
                const auto piece = co_await request.body_reader().read();
                if (!piece || piece->empty()) co_return;
                (void)co_await body.write(*piece);
            }
        });
    }

    /// Counts the ends of a handler, in whatever way it ends.
    struct Ending {
        Http2Routes& routes;

        explicit Ending(Http2Routes& r) : routes(r) { ++routes.begun; }

        ~Ending() { ++routes.ended; }

        Ending(const Ending&) = delete;
        Ending& operator=(const Ending&) = delete;
    };

    Router router;
    runtime::Signal go_on;
    int begun = 0;
    int ended = 0;
    std::size_t written = 0;
};

/// Until `done`, or for as long as a test is patient.
inline Task<bool> eventually(ServerHarness& f, std::function<bool()> done) {
    const Deadline deadline = f.in(std::chrono::seconds(5));
    while (!done() && !deadline.passed(f.runtime.clock().now()))
        co_await runtime::sleep_for(std::chrono::milliseconds(1));
    co_return done();
}

}  // namespace flotilla::http::testing
