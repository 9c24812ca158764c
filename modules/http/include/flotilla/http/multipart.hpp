#pragma once
/// `multipart/form-data` (RFC 7578): what HTML forms with files send. Plain forms are `UrlEncoded` in
/// `percent.hpp`.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/http/parsing.hpp"

namespace flotilla::http {

/// The boundary that a Content-Type field names; nothing for another type or a malformed boundary.
std::optional<std::string> multipart_boundary(std::string_view content_type);

/// What stands before the data of one part.
struct PartHead {
    std::string name;
    std::optional<std::string> filename;  ///< without any directories; a name to show, never a path to open
    std::string content_type;             ///< empty where none is given
};

struct MultipartLimits {
    std::size_t parts = 128;
    std::size_t part_header = 8 * 1024;
    std::size_t name = 256;  ///< of a part or file
};

/// Reads the parts of one body in whatever pieces they come. Data is handed out as spans and never kept; a
/// file of any size passes through. Like ChunkedDecoder: hand in bytes, take off what was consumed, repeat.
class MultipartParser {
public:
    enum class Kind : std::uint8_t {
        need_more,  ///< all input is consumed
        part,       ///< a part begins: `part()`
        data,       ///< a piece of its data
        part_end,
        done,  ///< the last part has ended; what follows is ignored
        rejected,
    };

    struct Step {
        Kind kind = Kind::need_more;
        std::size_t consumed = 0;
        std::string_view data = {};  ///< in the input or in the parser; until the next call
    };

    using Limits = MultipartLimits;

    explicit MultipartParser(std::string_view boundary, Limits limits = {});

    Step next(std::string_view input);

    [[nodiscard]] const PartHead& part() const noexcept { return part_; }

    [[nodiscard]] const Reject& reject() const noexcept { return *reject_; }

private:
    enum class Phase : std::uint8_t {
        preamble,
        delimiter_end,
        last_dash,
        padding,
        line_end,
        header,
        data,
        done,
        rejected
    };

    Step scan(std::string_view input, std::size_t at);
    Step scan_held(std::string_view input, std::size_t at);
    Step read_delimiter_end(char c, std::size_t at);
    Step read_header(std::string_view input, std::size_t at);
    const Reject* take_head();
    Step rejected(const Reject& reject, std::size_t at) noexcept;

    Limits limits_;
    std::string delimiter_;  // CRLF, two dashes, the boundary
    Phase phase_ = Phase::preamble;
    std::size_t matched_ = 2;  // of the delimiter; the body may begin with one that lacks its CRLF
    std::size_t parts_ = 0;
    std::string header_text_;
    detail::FieldBlock block_;
    PartHead part_;
    const Reject* reject_ = nullptr;
};

/// A part with its data in memory.
struct FormPart {
    PartHead head;
    std::string data;
};

/// All parts of a body that is in memory already.
Result<std::vector<FormPart>> parse_multipart(
    std::string_view body, std::string_view boundary, MultipartLimits limits = {}
);

}  // namespace flotilla::http
