#pragma once
/// The server's side of one exchange, for a handler that relays: it reads the request and writes the answer
/// while it runs, with nothing copied or held back in between.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/http/body.hpp"
#include "flotilla/http/fields.hpp"
#include "flotilla/http/header_block.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::http {

/// A connection that speaks another protocol from now on.
struct Upgraded {
    runtime::Stream* stream = nullptr;  ///< of the session; gone when the handler ends
    std::string already_read;           ///< what the client has sent behind its request
};

/// Told when the server begins to stop while a connection is upgraded.
class DrainListener {
public:
    virtual void on_drain() noexcept = 0;

protected:
    ~DrainListener() = default;
};

/// Takes the bytes of a body out of a pipe.
class PipeWriter {
public:
    /// All that is in the pipe; as ServerExchange::write_through.
    virtual Task<Result<void>> write_through(runtime::Pipe& pipe) = 0;

protected:
    ~PipeWriter() = default;
};

/// A request's body comes by `read`, of routes that stream it. An answer that is begun here is not taken from
/// the Response any more: `begin`, any number of writes, `end`; or `cut`. One coroutine may read while
/// another one writes. When the client goes, the handler is cancelled.
class ServerExchange : public BodyReader, public BodyWriter {
public:
    /// The whole body if it came with a length and is here already; reading is over then. Valid until the
    /// handler ends.
    virtual std::optional<std::string_view> arrived_body() = 0;
    /// After the end of a chunked body, what came behind it.
    [[nodiscard]] virtual const Fields& request_trailers() const noexcept = 0;

    /// An answer before the answer (1xx); HTTP/1.0 knows none. It leaves with the next write or flush.
    virtual void interim(int status, std::string_view fields) = 0;
    /// Status and fields of the Response, which have to be final. Without a length the body is chunked, or
    /// ends with the connection.
    virtual void begin(std::optional<std::uint64_t> length) = 0;
    /// As `write`, but sends at once and copies nothing; the bytes may change when it returns.
    virtual Task<Result<void>> write_through(std::string_view bytes) = 0;

    /// For an answer that has begun and whose bytes go into the client's connection as they are; null where
    /// they have to be looked at: TLS, chunks, the frames of HTTP/2.
    [[nodiscard]] virtual PipeWriter* pipe_writer() noexcept { return nullptr; }

    virtual void end() = 0;
    /// Forgets an answer that was begun, as long as nothing of it has been sent: false when it is too late.
    virtual bool take_back() = 0;
    /// Breaks the answer off in a way that shows the client that it is not complete: with the connection, or
    /// with the stream of HTTP/2.
    virtual void cut() noexcept = 0;
    /// The answer has been begun: an error can no longer be told.
    [[nodiscard]] virtual bool begun() const noexcept = 0;

    /// Sends 101 with the fields of the Response and hands over the connection; the caller adds `Connection`
    /// and `Upgrade`. `listener` stays until the handler ends. Of HTTP/1.1 only.
    virtual Task<Result<Upgraded>> upgrade(DrainListener& listener) = 0;

protected:
    ~ServerExchange() = default;
};

}  // namespace flotilla::http
