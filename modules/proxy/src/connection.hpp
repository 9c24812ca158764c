#pragma once
// One connection to an upstream.

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "flotilla/base/result.hpp"
#include "flotilla/http/chunked.hpp"
#include "flotilla/http/input_buffer.hpp"
#include "flotilla/http/response_parser.hpp"
#include "flotilla/runtime/stream.hpp"

namespace flotilla::proxy {

class Pool;

/// What the parsers of connections let pass.
http::ResponseParser::Options parser_options(std::size_t max_head);

class Connection final : private runtime::HangUpListener {
public:
    Connection(runtime::Stream made, http::BlockPool& blocks, std::size_t max_head);

    /// Ready for the next exchange.
    void begin() noexcept;

    /// Something has come back since `begin`.
    [[nodiscard]] bool answered() const noexcept {
        return (decoders_ && decoders_->parser.started()) || !in.empty();
    }

    /// For an answer whose head or body does not come as a whole.
    [[nodiscard]] http::ResponseParser& parser() { return decoders().parser; }

    [[nodiscard]] http::ChunkedDecoder& chunks() { return decoders().chunks; }

    /// At most one system call; true when all has left.
    bool send_now(std::string_view& first, std::string_view& second);
    /// Waits as long as the other side takes something within `idle` each time.
    Task<Result<void>> send(
        std::string_view first, std::string_view second, std::string_view third, Duration idle
    );

    /// Nothing has come that nobody has asked for, the end least of all.
    [[nodiscard]] bool is_quiet();

    /// In the pool: leaves it when the other side closes.
    void rest_in(Pool& pool, TimePoint until) noexcept;
    void leave_rest() noexcept;

    runtime::Stream stream;
    http::InputBuffer in;
    std::string out;    ///< what of the request's head could not leave at once
    bool kept = false;  ///< has served an exchange before
    bool write_failed = false;
    std::uint64_t body_bytes_sent = 0;
    TimePoint expires;                            ///< while it rests
    Duration keep_alive_limit = Duration::max();  ///< what its server has said

private:
    void on_hang_up() noexcept override;

    /// Kilobytes, which the usual answer needs none of.
    struct Decoders {
        http::ResponseParser parser;
        http::ChunkedDecoder chunks;
    };

    [[nodiscard]] Decoders& decoders() {
        if (!decoders_) decoders_ = std::make_unique<Decoders>(http::ResponseParser(parser_options_));
        return *decoders_;
    }

    Pool* resting_ = nullptr;
    http::ResponseParser::Options parser_options_;
    std::unique_ptr<Decoders> decoders_;
};

}  // namespace flotilla::proxy
