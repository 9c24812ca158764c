#pragma once
/// The chunked transfer coding (RFC 9112, 7.1): an incremental decoder that copies no body byte, and the few
/// bytes that an encoder writes around its chunks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "flotilla/http/parsing.hpp"

namespace flotilla::http {

/// Decodes one chunked body. Body bytes are handed out as spans of the input; only trailers are copied.
///
///     while (true) {
///         auto step = decoder.next(input);
///         input.remove_prefix(step.consumed);
///         use(step.body);
///         if (step.state != ChunkedDecoder::State::data) break;   // need_more, done or rejected
///     }
class ChunkedDecoder {
public:
    enum class State : std::uint8_t {
        need_more,  ///< all input is consumed
        data,       ///< `body` is part of the body: call again with the rest of the input
        done,       ///< the body is complete; what follows in the input is not part of it
        rejected,
    };

    struct Step {
        State state = State::need_more;
        std::size_t consumed = 0;
        std::string_view body;
    };

    struct Options {
        std::size_t extension_bytes = 4 * 1024;  ///< in the whole body
        Limits trailers{.request_line = 0, .header_block = 8 * 1024, .fields = 32};
    };

    ChunkedDecoder() : ChunkedDecoder(Options{}) {}

    explicit ChunkedDecoder(Options options) : options_(options) {}

    void reset() noexcept;

    /// Goes on with the next bytes of the body. At most one piece of the body per call.
    Step next(std::string_view input);

    /// After `done`: the trailer fields, until `reset()`.
    [[nodiscard]] const Fields& trailers() const noexcept { return trailers_; }

    /// After `rejected`.
    [[nodiscard]] const Reject& reject() const noexcept { return *reject_; }

    /// What the body has come to so far, the announced rest of the present chunk included: compare with a
    /// limit before taking the bytes.
    [[nodiscard]] std::uint64_t announced() const noexcept { return announced_; }

private:
    enum class Phase : std::uint8_t {
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailers,
        done,
        rejected
    };

    const Reject* read_size(std::string_view input, std::size_t& at);
    const Reject* read_trailers(std::string_view input, std::size_t& at);
    void size_line_ended() noexcept;

    Options options_;
    Phase phase_ = Phase::size;
    unsigned digits_ = 0;
    std::uint64_t left_ = 0;  // of the present chunk; while its size is read, the size so far
    std::uint64_t announced_ = 0;
    std::size_t extension_bytes_ = 0;
    std::string trailer_text_;
    detail::FieldBlock block_;
    Fields trailers_;
    const Reject* reject_ = nullptr;
};

/// The line before a chunk's data: hex size and CRLF. The data and another CRLF follow.
class ChunkHeader {
public:
    explicit ChunkHeader(std::uint64_t size) noexcept;

    [[nodiscard]] std::string_view text() const noexcept {
        return std::string_view(text_.data(), text_.size()).substr(begin_);
    }

private:
    std::array<char, 18> text_{};
    std::size_t begin_;
};

inline constexpr std::string_view chunk_end = "\r\n";
/// Ends a body without trailers.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Header, data and end of a chunk; nothing for empty data, which would end the body.
void append_chunk(std::string& out, std::string_view data);

}  // namespace flotilla::http
