#pragma once
// The frames of one HTTP/2 connection, server side, without I/O: bytes go in, requests come out; answers go
// in, bytes come out. nghttp2 does the framing, HPACK, windows and the states of streams; what a request
// means and what is abuse is decided here.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/parsing.hpp"
#include "http2_budget.hpp"
#include "http2_head.hpp"

struct nghttp2_session;

namespace flotilla::http {

inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class Http2Error : std::uint32_t {
    none = 0,
    protocol = 1,
    internal = 2,
    refused_stream = 7,
    cancel = 8,
    enhance_your_calm = 11,
};

/// A part of an answer's body, as it was copied out.
struct Http2Piece {
    std::size_t size = 0;
    bool last = false;  ///< nothing follows but the trailers
    std::string_view trailers = {};
};

/// Told while bytes are read or produced. Of the codec, only `reset` and `consume` may be called from here.
class Http2Events {
public:
    virtual void on_request(std::int32_t stream, std::string head, bool ended) = 0;
    virtual void on_body(std::int32_t stream, std::string_view bytes) = 0;
    /// The body is complete. `trailers` as they end a chunked body; empty when there are none.
    virtual void on_end(std::int32_t stream, std::string trailers) = 0;
    /// The stream is no more: all has been said, or one side has reset it.
    virtual void on_closed(std::int32_t stream) = 0;
    /// A rule was broken; the stream, or the connection, ends by it.
    virtual void on_rejected(const Reject& reject) = 0;
    /// The next part of an answer's body. Nothing and not the last: ask again after `resume`.
    virtual Http2Piece pull(std::int32_t stream, std::span<char> into) = 0;

protected:
    ~Http2Events() = default;
};

class Http2Codec {
public:
    struct Options {
        std::uint32_t max_concurrent_streams = 100;
        std::uint32_t max_header_list = 32 * 1024;
    };

    /// What a client may send on one stream, and on all, before the body is read.
    static constexpr std::uint32_t stream_window = 64 * 1024;
    static constexpr std::uint32_t connection_window = 1024 * 1024;

    Http2Codec(Options options, Http2Events& events);
    ~Http2Codec();
    Http2Codec(const Http2Codec&) = delete;
    Http2Codec& operator=(const Http2Codec&) = delete;

    /// False when the connection is to be ended: write `goodbye` and close.
    bool receive(std::string_view bytes, TimePoint now);
    /// Appends frames until there are none, or `limit` bytes.
    void produce(std::string& out, std::size_t limit);

    /// Head of an answer: `fields` as lines of HTTP/1.1, of which those about connections are left out.
    void respond(std::int32_t stream, int status, std::string_view fields, bool has_body);
    /// 1xx.
    void interim(std::int32_t stream, int status, std::string_view fields);
    /// `pull` has something to give again.
    void resume(std::int32_t stream);
    void reset(std::int32_t stream, Http2Error error);
    /// So much of a body is out of the way: the client may send more.
    void consume(std::int32_t stream, std::size_t bytes);
    /// Asks the client to open no more streams; those that it opens nevertheless are served.
    void give_notice();
    /// No further streams; the ones that are open go on.
    void go_away(Http2Error error = Http2Error::none);
    /// GOAWAY for a connection of which nothing else is to be sent.
    [[nodiscard]] std::string goodbye() const;

    /// The connection is to be ended, as after `receive` has returned false.
    [[nodiscard]] bool failed() const noexcept { return end_.has_value(); }

    /// The client has been told of an error of its own: nothing it sends is read any more.
    [[nodiscard]] bool terminated() const noexcept { return terminated_; }

    /// Something is still to be read or written.
    [[nodiscard]] bool alive() const noexcept;

    /// The client has introduced itself.
    [[nodiscard]] bool greeted() const noexcept { return greeted_; }

    /// Since when the client owes us the rest of a header block.
    [[nodiscard]] std::optional<TimePoint> header_since() const noexcept { return header_since_; }

private:
    struct Callbacks;

    void end_for(Http2Error error, const Reject& reject);
    void spend(Http2Budget::Kind kind);

    Http2Events& events_;
    nghttp2_session* session_ = nullptr;
    Http2Head head_;
    Http2Budget budget_;
    TimePoint now_;
    std::optional<TimePoint> header_since_;
    bool greeted_ = false;
    bool terminated_ = false;
    std::optional<Http2Error> end_;  // the connection has to be ended
};

}  // namespace flotilla::http
