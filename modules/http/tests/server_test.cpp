#include "flotilla/http/server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "flotilla/http/router.hpp"
#include "server_harness.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;
using testing::close_request;
using testing::ServerHarness;

struct OrderIn {
    std::string product_id;
    int qty = 1;
};

FLT_DESCRIBE(OrderIn, (product_id, not_blank), (qty, min(1), max(100)))

struct OrderOut {
    std::string product_id;
    int qty = 0;
    std::int64_t total = 0;
};

FLT_DESCRIBE(OrderOut, product_id, qty, total)

struct Greeting {
    std::string message;
};

FLT_DESCRIBE(Greeting, message)

/// The routes that these tests ask for.
class Routes {
public:
    Routes() {
        router.get("/hello", [] { return Greeting{"Hello"}; });
        router.get("/hello/{name}", [](Path<"name"> name) { return Greeting{"Hello " + *name}; });
        router.get("/users/{id}", [](Path<"id", std::uint32_t> id, Query<"verbose", std::optional<bool>>) {
            return *id;
        });
        router.get("/slow", []() -> Task<Greeting> {
            co_await runtime::sleep_for(5ms);
            co_return Greeting{"at last"};
        });
        router.post("/orders", [](Body<OrderIn> order) {
            return Created<OrderOut>{{order->product_id, order->qty, order->qty * 100}, "/orders/1"};
        });
        router.put("/greetings/{name}", [](Path<"name"> name) -> Task<Reply<Greeting>> {
            if (*name == "nobody") co_return Response(Status::gone, "text/plain", "gone");
            Reply<Greeting> reply(Status::accepted, {"Hello " + *name});
            reply.set("ETag", "\"1\"");
            co_return reply;
        });
        router.get("/throws", []() -> std::string { throw std::runtime_error("boom"); });
        router.get("/missing", []() -> Result<Greeting> {
            return fail(Errc::not_found, "no such greeting");
        });
        router.get("/stream", [] {
            Response response;
            response.stream("text/plain", [](BodyWriter& body) -> Task<> {
                for (int i = 0; i < 3; ++i) co_await body.write("piece ");
                body.trailer("X-Sum", "3");
            });
            return response;
        });
        router.websocket("/echo", [](WebSocket& socket) -> Task<> {
            while (const auto message = co_await socket.receive()) (void)co_await socket.send(*message);
        });
        router.post(
            "/count",
            [](Request& request) -> Task<std::string> {
                std::size_t bytes = 0;
                for (;;) {
                    const auto piece = co_await request.body_reader().read();
                    if (!piece || piece->empty()) break;
                    bytes += piece->size();
                }
                co_return std::to_string(bytes);
            },
            {.streams_body = true}
        );
    }

    Router router;
};

using Fixture = ServerHarness;

void run_server(std::function<Task<>(Fixture&)> body, ServerConfig config = {}) {
    Routes routes;
    testing::with_server(routes.router, std::move(body), std::move(config));
}

TEST(Server, AnswersAStructAsJson) {
    run_server([](Fixture& f) -> Task<> {
        const auto answer = co_await f.exchange(close_request("GET /hello"));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"message\":\"Hello\"}")) << answer;
    });
}

TEST(Server, GivesAStructAStatusAndFieldsOrAnotherAnswer) {
    run_server([](Fixture& f) -> Task<> {
        const auto answer = co_await f.exchange(close_request("PUT /greetings/Ann"));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 202 Accepted\r\n")) << answer;
        EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos) << answer;
        EXPECT_NE(answer.find("ETag: \"1\"\r\n"), std::string::npos) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"message\":\"Hello Ann\"}")) << answer;
        const auto other = co_await f.exchange(close_request("PUT /greetings/nobody"));
        EXPECT_TRUE(other.starts_with("HTTP/1.1 410 ") && other.ends_with("\r\n\r\ngone")) << other;
    });
}

TEST(Server, BindsPathQueryAndBodyAndNamesWhatIsWrong) {
    run_server([](Fixture& f) -> Task<> {
        EXPECT_TRUE((co_await f.exchange(close_request("GET /hello/J%C3%B6rg")))
                        .ends_with("{\"message\":\"Hello J\xc3\xb6rg\"}"));
        const auto wrong = co_await f.exchange(close_request("GET /users/abc"));
        EXPECT_TRUE(wrong.starts_with("HTTP/1.1 400 ")) << wrong;
        EXPECT_NE(wrong.find("parameter 'id'"), std::string::npos) << wrong;
        const auto query = co_await f.exchange(close_request("GET /users/1?verbose=maybe"));
        EXPECT_NE(query.find("parameter 'verbose'"), std::string::npos) << query;
        const auto created = co_await f.exchange(
            "POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
            "application/json\r\nContent-Length: 30\r\n\r\n"
            "{\"productId\":\"C-1\",\"qty\":   3}"
        );
        EXPECT_TRUE(created.starts_with("HTTP/1.1 201 ")) << created;
        EXPECT_TRUE(created.ends_with("{\"productId\":\"C-1\",\"qty\":3,\"total\":300}")) << created;
        const auto invalid = co_await f.exchange(
            "POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
            "application/json\r\nContent-Length: 11\r\n\r\n"
            "{\"qty\":900}"
        );
        EXPECT_NE(invalid.find("Validation failed for object='orderIn'. Error count: 2"), std::string::npos)
            << invalid;
    });
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
    run_server([](Fixture& f) -> Task<> {
        const std::string keep = " HTTP/1.1\r\nHost: x\r\n\r\n";
        const auto answers = co_await f.exchange(
            "GET /hello/1" + keep + "GET /slow" + keep + "GET /hello/2" + keep + close_request("GET /hello/3")
        );
        const auto one = answers.find("Hello 1");
        const auto slow = answers.find("at last");
        const auto two = answers.find("Hello 2");
        const auto three = answers.find("Hello 3");
        EXPECT_TRUE(one < slow && slow < two && two < three && three != std::string::npos) << answers;
    });
}

TEST(Server, ManyRequestsOfOneConnectionLetTheOthersHaveTheirTurn) {
    Router router;
    std::map<std::uint64_t, int> answered_in_round;
    router.get("/", [&] {
        ++answered_in_round[runtime::EventLoop::current().stats().rounds];
        return std::string("x");
    });
    testing::with_server(router, [&](Fixture& f) -> Task<> {
        std::string requests;
        for (int i = 0; i < 999; ++i) requests += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        (void)co_await f.exchange(requests + close_request("GET /"));
    });
    int all = 0;
    for (const auto& [round, count] : answered_in_round) {
        EXPECT_LE(count, 64) << "in round " << round;
        all += count;
    }
    EXPECT_EQ(all, 1000);
}

TEST(Server, ReadsChunkedBodiesAndWritesThemWithTrailers) {
    run_server([](Fixture& f) -> Task<> {
        const auto order = co_await f.exchange(
            "POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: "
            "application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            "6\r\n{\"prod\r\nF\r\nuctId\":\"A-1\"   \r\n1\r\n}\r\n0\r\n\r\n"
        );
        EXPECT_TRUE(order.ends_with("{\"productId\":\"A-1\",\"qty\":1,\"total\":100}")) << order;
        const auto stream = co_await f.exchange(close_request("GET /stream"));
        EXPECT_TRUE(stream.ends_with("6\r\npiece \r\n6\r\npiece \r\n6\r\npiece \r\n0\r\nX-Sum: 3\r\n\r\n"))
            << stream;
        const auto old = co_await f.exchange("GET /stream HTTP/1.0\r\n\r\n");
        EXPECT_TRUE(old.ends_with("\r\n\r\npiece piece piece ")) << old;
    });
}

TEST(Server, StreamsALongBodyAndAsksForItWith100) {
    run_server([](Fixture& f) -> Task<> {
        const std::string body(3'000'000, 'x');
        const auto counted = co_await f.exchange(
            "POST /count HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n" + body
        );
        EXPECT_TRUE(counted.ends_with("\r\n\r\n3000000")) << counted;
        const auto asked = co_await f.exchange(
            "POST /count HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: "
            "0\r\n\r\n"
        );
        EXPECT_TRUE(asked.starts_with("HTTP/1.1 200 ")) << asked;
    });
}

TEST(Server, ErrorsHaveTheirStatusAndTheClassicBody) {
    run_server([](Fixture& f) -> Task<> {
        const auto thrown = co_await f.exchange(close_request("GET /throws"));
        EXPECT_TRUE(thrown.starts_with("HTTP/1.1 500 ")) << thrown;
        EXPECT_NE(thrown.find("\"message\":\"boom\",\"path\":\"/throws\""), std::string::npos) << thrown;
        const auto missing = co_await f.exchange(close_request("GET /missing"));
        EXPECT_TRUE(missing.starts_with("HTTP/1.1 404 ")) << missing;
        EXPECT_NE(missing.find("no such greeting"), std::string::npos);
        const auto method = co_await f.exchange(close_request("DELETE /hello"));
        EXPECT_TRUE(method.starts_with("HTTP/1.1 405 ")) << method;
        EXPECT_NE(method.find("Allow: GET, HEAD\r\n"), std::string::npos) << method;
        const auto options = co_await f.exchange(close_request("OPTIONS /hello"));
        EXPECT_NE(options.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos) << options;
        const auto head = co_await f.exchange(close_request("HEAD /hello"));
        EXPECT_NE(head.find("Content-Length: 19\r\n"), std::string::npos) << head;
        EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
        const auto nowhere = co_await f.exchange(close_request("GET /nope"));
        EXPECT_NE(nowhere.find("No static resource nope."), std::string::npos) << nowhere;
    });
}

TEST(Server, RefusesMalformedMessagesAndTooLargeBodies) {
    run_server([](Fixture& f) -> Task<> {
        const auto bad = co_await f.exchange(
            "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        EXPECT_TRUE(bad.starts_with("HTTP/1.1 400 ")) << bad;
        EXPECT_NE(bad.find("Connection: close\r\n"), std::string::npos) << bad;
        const auto large = co_await f.exchange(
            "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
            "99999999\r\n\r\n{"
        );
        EXPECT_TRUE(large.starts_with("HTTP/1.1 413 ")) << large;
        EXPECT_EQ(f.server.stats().rejected, 2U);
    });
}

TEST(Server, SpeaksWebSocketAfterAHandshake) {
    run_server([](Fixture& f) -> Task<> {
        std::string sent =
            "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "
            "websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        append_frame(sent, Opcode::text, "Hel", 0x01020304, false);
        append_frame(sent, Opcode::ping, "are you there", 0x01020304);
        append_frame(sent, Opcode::continuation, "lo", 0x01020304);
        append_close(sent, CloseCode::normal, "bye", 0x01020304);
        const auto answer = co_await f.exchange(sent);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << answer;
        EXPECT_NE(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos)
            << answer;
        std::string frames;
        append_frame(frames, Opcode::pong, "are you there");
        append_frame(frames, Opcode::text, "Hello");
        append_close(frames, CloseCode::normal);
        EXPECT_TRUE(answer.ends_with("\r\n\r\n" + frames));

        const auto plain = co_await f.exchange(close_request("GET /echo"));
        EXPECT_TRUE(plain.starts_with("HTTP/1.1 426 ")) << plain;
    });
}

TEST(Server, CutsClientsThatAreTooSlow) {
    ServerConfig config;
    config.header_timeout = 20ms;
    config.body_timeout = 20ms;
    config.keep_alive_timeout = 20ms;
    run_server(
        [](Fixture& f) -> Task<> {
            EXPECT_EQ(co_await f.exchange(""), "");
            EXPECT_TRUE((co_await f.exchange("GET /hello HTTP/1.1\r\nHo")).starts_with("HTTP/1.1 408 "));
            EXPECT_TRUE((co_await f.exchange("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                             "application/json\r\nContent-Length: 9\r\n\r\n{"))
                            .starts_with("HTTP/1.1 408 "));
        },
        config
    );
}

}  // namespace

}  // namespace flotilla::http
