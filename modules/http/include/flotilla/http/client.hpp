#pragma once
/// Sends HTTP/1.1 requests and keeps the connections.
///
///     Client client(runtime, {.name = "orders"}, {.meters = &registry, .tracer = &tracer, .log = log});
///     FLT_CO_TRY(auto answer, co_await client.send(ClientRequest::get("http://stock:8080/items/7")));
///     FLT_CO_TRY(auto item, answer.json<Item>());

#include <memory>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/http/client_config.hpp"
#include "flotilla/http/client_request.hpp"
#include "flotilla/http/client_response.hpp"
#include "flotilla/runtime/resolver.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::http {

struct ClientCore;
class ClientShard;

struct ClientStats {
    std::size_t active = 0;   ///< connections in use, or being made
    std::size_t idle = 0;     ///< kept for the next call
    std::size_t pending = 0;  ///< calls that wait for a connection
    std::uint64_t opened = 0;
    std::uint64_t reused = 0;
};

/// Usable from every loop of its runtime; each has connections of its own, so that no lock is taken. Its
/// calls must have ended before it goes.
///
/// A call ends with an answer of any status, or with an error that says what was asked, of whom, and in which
/// phase it failed: `GET http://h:1/x: connect to 127.0.0.1:1: Connection refused`. A call that found its
/// kept connection closed is repeated once on a new one, if it may be sent twice and nothing of an answer
/// had come. Nothing else is repeated: that is the business of a retry policy.
class Client {
public:
    /// `resolver` may be shared; it outlives the client. Without it the client has its own.
    explicit Client(
        runtime::Runtime& runtime,
        ClientConfig config = {},
        ClientTelemetry telemetry = {},
        runtime::Resolver* resolver = nullptr
    );
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// The whole answer.
    Task<Result<ClientResponse>> send(ClientRequest request);
    /// The head of the answer, with the body to follow.
    Task<Result<ClientStream>> open(ClientRequest request);

    /// Of all loops; from any thread.
    [[nodiscard]] ClientStats stats() const noexcept;

    [[nodiscard]] const ClientConfig& config() const noexcept;

private:
    ClientShard& shard();
    Task<Result<std::unique_ptr<ClientCall>>> start(ClientRequest request, ClientBody body);
    static Result<void> redirect(ClientRequest& request, int status, std::string_view location);

    runtime::Runtime& runtime_;
    std::shared_ptr<ClientCore> core_;
    std::vector<std::shared_ptr<ClientShard>> shards_;  // one for each loop, made at its first call
};

}  // namespace flotilla::http
