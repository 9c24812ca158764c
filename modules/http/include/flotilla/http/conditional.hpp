#pragma once
/// Conditional and range requests (RFC 9110, 13 and 14): may the answer be 304, must it be 412, and which
/// bytes of it are wanted.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/http/fields.hpp"
#include "flotilla/http/method.hpp"

namespace flotilla::http {

/// `"abc"` or `W/"abc"`.
struct EntityTag {
    std::string_view opaque;  ///< between the quotes
    bool weak = false;

    static std::optional<EntityTag> parse(std::string_view text) noexcept;

    /// Both are strong and the same: byte for byte the same content.
    [[nodiscard]] bool strongly_equals(const EntityTag& other) const noexcept {
        return !weak && !other.weak && opaque == other.opaque;
    }

    /// The same but for weakness: content that serves the same purpose.
    [[nodiscard]] bool weakly_equals(const EntityTag& other) const noexcept { return opaque == other.opaque; }
};

/// What is known of the content that a request is about.
struct Validators {
    std::string_view etag = {};  ///< as in the ETag field; empty for none
    std::optional<WallTime> last_modified = std::nullopt;
    bool exists = true;
};

enum class Precondition : std::uint8_t {
    proceed,
    not_modified,  ///< answer 304
    failed,        ///< answer 412
};

/// The fields If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC
/// 9110, 13.2.2.
Precondition check_preconditions(
    Method method, const Fields& fields, const Validators& validators, WallTime now
);

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;  ///< inclusive

    [[nodiscard]] std::uint64_t size() const noexcept { return last - first + 1; }

    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// Which part of the content is wanted.
struct RangeChoice {
    enum class Kind : std::uint8_t {
        whole,          ///< answer 200: no range, or one that is to be ignored
        partial,        ///< answer 206 with `ranges`
        unsatisfiable,  ///< answer 416
    };

    Kind kind = Kind::whole;
    std::vector<ByteRange> ranges;
};

/// Reads `bytes=0-499`, `bytes=-500`, `bytes=9500-, 0-9`. A malformed field, another unit, more ranges than
/// `most_ranges` and ranges that overlap are answered with the whole.
RangeChoice parse_range(std::string_view range, std::uint64_t size, std::size_t most_ranges = 16);

/// The same for a GET request, with its If-Range field: a range of other content than the client has is no
/// use.
RangeChoice choose_range(
    Method method, const Fields& fields, const Validators& validators, std::uint64_t size, WallTime now
);

/// `bytes 0-499/1234`
std::string content_range(ByteRange range, std::uint64_t size);
/// `bytes */1234`, for 416.
std::string unsatisfied_content_range(std::uint64_t size);

}  // namespace flotilla::http
