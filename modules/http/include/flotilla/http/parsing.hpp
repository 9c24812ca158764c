#pragma once
/// What the parsers of requests, responses and chunked bodies have in common: progress, limits, refusals.
///
/// All parsers are pure: they are handed bytes, read no clock and start nothing. A refusal names the rule of
/// the security table (S1..S20) that was broken, for the audit log and the counter per class of attack.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "flotilla/http/fields.hpp"

namespace flotilla::http {

enum class Progress : std::uint8_t {
    need_more,  ///< all bytes so far are the beginning of something valid
    done,
    rejected,  ///< never valid, whatever follows: answer and close
};

/// Why a message was refused. All texts are static.
struct Reject {
    int status = 0;         ///< what to answer with; the connection is closed afterwards
    std::string_view rule;  ///< `S3`
    std::string_view why;   ///< for a person: `Transfer-Encoding other than chunked`

    friend bool operator==(const Reject&, const Reject&) = default;
};

/// Refusals that only the server can find, as it owns the timer and counts the body.
inline constexpr Reject header_timeout{408, "S13", "header not complete in time"};
inline constexpr Reject body_too_large{413, "S13", "body over the limit"};

struct Limits {
    std::size_t request_line = 8 * 1024;   ///< bytes without the line end; over it 414
    std::size_t header_block = 32 * 1024;  ///< all field lines with their line ends; over it 431
    std::size_t fields = 100;              ///< over it 431

    /// A buffer of this size never is too small for a valid head.
    [[nodiscard]] constexpr std::size_t max_head() const noexcept { return request_line + header_block + 16; }
};

/// What becomes of a field with `_` in its name, which CGI-like programs confuse with `-`.
enum class UnderscoreFields : std::uint8_t { drop, reject, allow };

/// What becomes of `%2F` and `%5C` in a path: refused, or kept as text that separates nothing.
enum class EncodedSlash : std::uint8_t { reject, keep };

namespace detail {

/// A field as offsets, because the buffer may move between two calls.
struct FieldLine {
    std::uint32_t name_at = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_at = 0;
    std::uint32_t value_size = 0;
    KnownField known = KnownField::none;
};

/// How far the parser of field lines has come.
struct FieldBlock {
    enum class Phase : std::uint8_t { line_start, name, before_value, value };

    std::size_t begin = 0;  // where the block starts in the buffer
    std::size_t at = 0;     // all before it has been looked at
    std::size_t name_at = 0;
    std::size_t name_size = 0;
    std::size_t value_at = 0;
    std::size_t seen = 0;     // field lines, dropped ones too
    std::size_t dropped = 0;  // for their underscore
    Phase phase = Phase::line_start;
    bool underscore = false;  // in the name being read
    std::vector<FieldLine> lines;

    void start(std::size_t offset) noexcept {
        begin = at = offset;
        seen = dropped = 0;
        phase = Phase::line_start;
        underscore = false;
        lines.clear();
    }
};

/// What the Connection fields of a message say.
struct ConnectionOptions {
    bool close = false;
    bool keep_alive = false;
    bool upgrade = false;
    bool others = false;  ///< any token but close and keep-alive

    void add(std::string_view value) noexcept;

    /// Whether another message may follow on the connection: RFC 9112, 9.3.
    [[nodiscard]] bool keeps(int minor_version) const noexcept {
        return !close && (keep_alive || minor_version >= 1);
    }
};

}  // namespace detail
}  // namespace flotilla::http
