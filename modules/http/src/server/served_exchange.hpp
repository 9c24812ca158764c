#pragma once
// What an exchange is besides the bytes of its protocol: the request and its answer, their trace, their
// meters and their lines in the log. HTTP/1.1 and HTTP/2 have this in common.

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/http/handler.hpp"
#include "flotilla/http/request_parser.hpp"
#include "shard.hpp"

namespace flotilla::http {

/// What the server's limits mean to the parser.
RequestParser::Options parser_options(const ServerConfig& config);

/// When a client that reads at the slowest rate allowed has taken `bytes` that are being sent since `began`.
Deadline latest_end(const ServerConfig& config, std::size_t bytes, TimePoint began);

/// Waits for room in the kernel's buffer, when `bytes` are being sent since `began`; then the caller tries
/// again, as meanwhile somebody else may have used the stream to read. A client may be slow, within reason,
/// but it must not stop: false when it has.
Task<bool> client_takes(
    runtime::Stream& stream, const ServerConfig& config, std::size_t bytes, TimePoint began
);

class ServedExchange : public ServerExchange {
public:
    ServedExchange(const ServedExchange&) = delete;
    ServedExchange& operator=(const ServedExchange&) = delete;

    /// A request has been begun and is not answered yet.
    [[nodiscard]] bool in_exchange() const noexcept { return in_exchange_; }

    /// The client went away while its request was being handled.
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }

protected:
    explicit ServedExchange(Shard& shard);
    ~ServedExchange() = default;

    /// What only the protocol knows of an exchange.
    struct Wire {
        std::string_view protocol;
        bool answered = false;       ///< the client was told a status
        bool client_gone = false;    ///< or does not read
        std::uint64_t received = 0;  ///< of the request's body
        std::uint64_t sent = 0;      ///< of the answer's body
        std::uint64_t bytes = 0;     ///< of the answer, whole
    };

    /// The head is known. Unless `received_` is set, it is now.
    void start_exchange(const RequestHead& head);
    /// After `record_exchange`, or in its place.
    void end_exchange();
    void record_exchange(const Wire& wire);
    /// Part of `record_exchange`; by itself for what was broken off.
    void log_access(const Wire& wire);
    /// For a request that could not be believed.
    void log_refusal(const Reject& reject, std::uint64_t sent);

    void answer_exception(const std::exception_ptr& failure);
    void answer_refusal(const Reject& reject);
    /// When there is no request that could be believed.
    void answer_nobody(const Reject& reject);
    void answer_while_stopping();
    void answer_no_websocket(const Reject& reject);
    void compress_if_worthwhile();

    void note_cut_off(const std::exception_ptr& failure);
    void note_abandoned();
    void note_rejected(const Reject& reject);

    [[nodiscard]] bool is_head() const noexcept { return request_.method() == Method::head; }

    /// The status allows a body and the method wants one.
    [[nodiscard]] bool has_body() const noexcept;

    /// The latest time for the next piece of a body of which `read` bytes are here.
    [[nodiscard]] Deadline body_deadline(std::uint64_t read) const;

    [[nodiscard]] std::uint64_t body_limit() const;

    [[nodiscard]] TimePoint now() const { return shard_.loop().clock().now(); }

    Shard& shard_;
    const ServerConfig& config_;
    Request request_;
    Response response_;
    Pending pending_;
    std::string body_;  // a body that did not arrive as a whole

private:
    std::unique_ptr<AccessNote> access_note_;  // null: there is no access log
    tracing::Span span_;
    std::optional<tracing::Scope> span_scope_;
    bool in_exchange_ = false;
    bool abandoned_ = false;
};

}  // namespace flotilla::http
