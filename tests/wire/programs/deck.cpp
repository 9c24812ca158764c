// A service with every kind of body: for clients that are not ours (tests/wire/test_bodies.py,
// test_websocket.py).

#include <fmt/core.h>

#include <string>

#include "flotilla/http/event_stream.hpp"
#include "flotilla/http/websocket.hpp"
#include "flotilla/service/service.hpp"

using namespace flotilla;

namespace {

/// How long the body was, read piece by piece.
Task<http::Response> count_bytes(http::Request& request) {
    std::size_t bytes = 0;
    while (true) {
        const Result<std::string_view> piece = co_await request.body_reader().read();
        if (!piece) co_return http::Response(http::Status::bad_request);
        if (piece->empty()) break;
        bytes += piece->size();
    }
    co_return http::Response(http::Status::ok, "text/plain", std::to_string(bytes));
}

Task<> write_lines(http::BodyWriter& body, std::uint32_t count) {
    for (std::uint32_t i = 1; i <= count; ++i) {
        const std::string line = fmt::format("line {}\n", i);
        if (const auto sent = co_await body.write(line); !sent) co_return;
    }
}

http::Response lines(http::Path<"count", std::uint32_t> count) {
    http::Response response;
    response.stream("text/plain", [count = *count](http::BodyWriter& body) {
        return write_lines(body, count);
    });
    return response;
}

Task<> three_events(http::EventStream& events) {
    for (int i = 1; i <= 3; ++i) {
        const std::string data = fmt::format("sail {}\nset", i);
        const std::string id = std::to_string(i);
        http::SseEvent event;
        event.data = data;
        event.event = "sail";
        event.id = id;
        if (const auto sent = co_await events.send(event); !sent) co_return;
    }
}

http::Response sails() {
    http::Response response;
    response.events(three_events);
    return response;
}

Task<> echo(http::WebSocket& socket) {
    while (true) {
        const std::optional<http::WebSocketMessage> message = co_await socket.receive();
        if (!message) co_return;
        if (const auto sent = co_await socket.send(*message); !sent) co_return;
    }
}

}  // namespace

int main(int argc, char** argv) {
    Service service("deck", argc, argv);
    http::RouteOptions streaming;
    streaming.streams_body = true;
    service.post("/count", count_bytes, streaming);
    service.get("/lines/{count}", lines);
    service.get("/sails", sails);
    http::WebSocketOptions sockets;
    sockets.protocols = {"semaphore"};
    service.router().websocket("/echo", echo, sockets);
    return service.run();
}
