#pragma once
/// The engine of a gateway: forwards one HTTP exchange to one upstream, streamed both ways.
///
///     auto out = proxy.take_outgoing();
///     copy_request(request.head(), {.hop_by_hop = proxy.hop_by_hop()}, *out);
///     RequestBody body(request);
///     Call call{request, response, *out, upstream, body};
///     const auto outcome = co_await proxy.forward(call);
///     if (!outcome) …                       // nothing was sent, unless `request.exchange().begun()`

#include <chrono>
#include <memory>
#include <optional>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/proxy/error.hpp"
#include "flotilla/proxy/outgoing.hpp"
#include "flotilla/proxy/proxy_config.hpp"
#include "flotilla/proxy/request_body.hpp"
#include "flotilla/proxy/upstream.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::proxy {

/// What becomes of an answer whose head has come.
enum class Verdict {
    relay,  ///< to the client: status and fields of the Response as they are now, and the upstream's body
    hold,  ///< the body is put into the Response, if it is no longer than `Call::hold_limit`; nothing is sent
    discard,  ///< the upstream's body is thrown away; the Response is what the filter has made of it
};

/// Sees the answer before its client does, and may change status and fields.
class AnswerFilter {
public:
    virtual Verdict on_answer(http::Response& response) = 0;

    /// The upstream has agreed to switch protocols: frames are relayed from here on.
    virtual void on_switch() {}

protected:
    ~AnswerFilter() = default;
};

/// One attempt. All that it refers to outlives `forward`.
struct Call {
    http::Request& request;
    http::Response& response;
    const Outgoing& outgoing;
    const Upstream& upstream;
    RequestBody& body;
    AnswerFilter* filter = nullptr;
    // Where absent, as configured.
    std::optional<std::chrono::milliseconds> connect_timeout = {};
    /// Negative: no limit.
    std::optional<std::chrono::milliseconds> response_timeout = {};
    /// Of the whole attempt up to the head of the answer; the request's own deadline bounds it too.
    Deadline deadline = {};
    std::size_t hold_limit = 1024 * 1024;
};

struct Outcome {
    int status = 0;  ///< of the upstream's answer
    Verdict verdict = Verdict::relay;
    Duration waited{};  ///< from the start of the attempt to the head of the answer
};

struct ProxyStats {
    std::size_t active = 0;      ///< connections in an exchange
    std::size_t idle = 0;        ///< kept for the next one
    std::size_t pending = 0;     ///< exchanges that wait for a connection
    std::uint64_t connects = 0;  ///< connections made so far
    std::uint64_t repeats = 0;   ///< exchanges sent again because a kept connection had been closed
    // Exchanges that ended because time was up:
    std::uint64_t late_places = 0;      ///< no connection became free
    std::uint64_t late_connects = 0;    ///< none was accepted
    std::uint64_t late_handshakes = 0;  ///< no TLS
    std::uint64_t late_answers = 0;     ///< no head of an answer, or the request was not taken
    std::uint64_t late_bodies = 0;      ///< the answer came to a halt
};

class Shard;

/// Gives an Outgoing back to where it came from.
struct OutgoingReturn {
    void operator()(Outgoing* outgoing) const noexcept;

    Shard* shard = nullptr;
};

using OutgoingPtr = std::unique_ptr<Outgoing, OutgoingReturn>;

/// One per process, with a pool of connections on each loop. Its meters are `flotilla.proxy.*`. Everything it
/// is given outlives it. Handlers that use it must have their request's body streamed
/// (`Handler::streams_body`).
class Proxy {
public:
    static Result<std::unique_ptr<Proxy>> create(
        runtime::Runtime& runtime,
        ProxyConfig config,
        http::Telemetry telemetry = {},
        HopByHop hop_by_hop = {}
    );
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    /// Within the handler of `call.request`, on its loop.
    ///
    /// A value: the answer is with the client, or what is left of it is in the Response (a short body), or
    /// the filter had its way with it. An error: the Response has nothing of the upstream in it, and another
    /// attempt may follow, unless the answer had begun: `answer_cut` and `client_gone` are for the log only.
    ///
    /// A kept connection that turns out to be closed costs one silent repetition on a new one, if the request
    /// is idempotent or no byte of its body had left.
    ///
    /// With `outgoing.websocket` the upstream is asked to switch protocols; when it does, frames are relayed
    /// until one side ends, when it does not, its answer is relayed.
    Task<Result<Outcome>> forward(Call& call);

    /// An empty one with the memory of one before it. It goes back on the same loop, before `stop`.
    [[nodiscard]] OutgoingPtr take_outgoing();

    /// Closes kept connections. After the servers have stopped, before the runtime ends.
    Task<> stop();

    [[nodiscard]] const HopByHop& hop_by_hop() const noexcept;
    [[nodiscard]] const ProxyConfig& config() const noexcept;
    [[nodiscard]] ProxyStats stats() const noexcept;

    struct Impl;

private:
    explicit Proxy(std::unique_ptr<Impl> impl);

    void register_meters();

    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::proxy
