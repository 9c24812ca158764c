#pragma once
// One connection of a client: writes requests, reads the head and the body of answers.

#include <string_view>

#include "flotilla/http/chunked.hpp"
#include "flotilla/http/client_response.hpp"
#include "flotilla/http/input_buffer.hpp"
#include "flotilla/http/response_parser.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::http {

/// Used by one call at a time. Errors have the kind (`timed_out`, `closed`, `malformed`, ...) and say what
/// happened to which address.
class ClientConnection {
public:
    ClientConnection(
        runtime::Stream stream, BlockPool& blocks, std::size_t max_head, const Clock& clock, TimePoint expires
    );

    /// Before each request.
    void begin(Method method) noexcept;

    /// Writes all; each wait may take `idle`, all of it until `deadline`.
    Task<Result<void>> write(
        std::string_view first, std::string_view second, Duration idle, Deadline deadline
    );

    /// Reads the next head, of an interim answer too.
    Task<Result<void>> read_head(Deadline deadline);

    /// After `read_head`, until the next call of anything.
    [[nodiscard]] const ResponseHead& head() const noexcept { return parser_.head(); }

    /// Goes on to the next head, after an interim one.
    void skip_head() noexcept;
    /// Copies the head and goes on to its body.
    std::unique_ptr<const ClientResponseHead> take_head();

    /// The next piece of the body, valid until the next call; empty at the end.
    Task<Result<std::string_view>> read_body(Deadline deadline);

    /// The length of the body, when it was announced.
    [[nodiscard]] std::optional<std::uint64_t> announced() const noexcept;

    [[nodiscard]] bool has_body() const noexcept { return framing_ != BodyFraming::none; }

    [[nodiscard]] const Fields& trailers() const noexcept { return decoder_.trailers(); }

    /// Bytes of this request that the kernel took.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

    /// Whether any byte of an answer has come.
    [[nodiscard]] bool answered() const noexcept { return answered_; }

    /// The answer has ended and nothing follows it: another request may be sent.
    [[nodiscard]] bool reusable() const noexcept { return ended_ && keep_alive_ && input_.empty(); }

    /// Nothing has come since the last answer ended: no bytes and no end.
    [[nodiscard]] bool quiet();

    /// The other side, or the loop, has told that it is closed.
    [[nodiscard]] bool peer_closed() const noexcept { return stream_.peer_closed(); }

    /// Whoever waits in `read_head` goes on with `Errc::cancelled`, and may call it again.
    void wake_reader() { stream_.cancel(); }

    /// Gives back memory that only a running call needs.
    void rest() noexcept { input_.release(); }

    [[nodiscard]] const runtime::Endpoint& peer() const noexcept { return stream_.peer(); }

    [[nodiscard]] runtime::EventLoop& loop() const noexcept { return stream_.loop(); }

    [[nodiscard]] TimePoint expires() const noexcept { return expires_; }

    /// While it is kept: when it is to be closed.
    TimePoint idle_until;
    /// What the server's `Keep-Alive: timeout` allows; never by default.
    std::optional<Duration> keep_alive_hint;
    /// Has carried an answer before.
    bool used = false;

private:
    Task<Result<std::size_t>> fill(Deadline deadline);
    void end_body() noexcept;
    [[nodiscard]] std::unexpected<Error> broken(Errc code, std::string_view what) const;

    runtime::Stream stream_;
    InputBuffer input_;
    const Clock& clock_;
    const TimePoint expires_;
    ResponseParser parser_;
    ChunkedDecoder decoder_;
    Method method_ = Method::get;
    BodyFraming framing_ = BodyFraming::none;
    std::optional<std::uint64_t> announced_;
    std::uint64_t left_ = 0;
    std::size_t handed_out_ = 0;  // bytes at the front of the input that the last piece stands on
    std::uint64_t sent_ = 0;
    bool answered_ = false;
    bool ended_ = false;
    bool keep_alive_ = false;
};

}  // namespace flotilla::http
