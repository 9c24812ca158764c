#pragma once
/// Spring's PathPattern: `/users/{id}`, `/files/**`, `/{*rest}`, `/a?b/*.txt`, `/{year:\d+}/x`.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/gateway/request_path.hpp"
#include "flotilla/gateway/text_pattern.hpp"
#include "flotilla/gateway/variables.hpp"

namespace flotilla::gateway {

enum class TrailingSlash : std::uint8_t {
    exact,     ///< `/red/1/` is not `/red/{x}`
    optional,  ///< it is
};

/// Compares whole segments with regard to case; immutable.
class PathPattern {
public:
    static Result<PathPattern> parse(std::string_view text);

    /// Whether the path is of this form; what it captures is added to `variables`.
    [[nodiscard]] bool match(const RequestPath& path, TrailingSlash slash, Variables& variables) const;

    /// How many segments from the start are plain text: what an index can look for.
    [[nodiscard]] std::size_t literal_segments() const noexcept;

    [[nodiscard]] std::string_view literal(std::size_t index) const noexcept { return segments_[index].text; }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Whether every path that `other` matches is matched by this one as well, as far as that is plain to
    /// see.
    [[nodiscard]] bool covers(const PathPattern& other) const noexcept;

private:
    struct Segment {
        enum class Kind : std::uint8_t {
            literal,
            any,       ///< `*`
            variable,  ///< `{name}`
            wildcard,  ///< `a?c*`
            regex,     ///< `{name:regex}`, or captures amid text: `{name}.json`
            rest,      ///< `**` or `{*name}`
        };

        Kind kind = Kind::literal;
        std::string text{};                 ///< of a literal or wildcard
        std::vector<std::string> names{};   ///< what is captured
        std::vector<TextPattern> regex{};   ///< none or one
        std::vector<Replacement> groups{};  ///< one for each name of a regex
    };

    static Result<Segment> parse_segment(std::string_view text, bool last);
    static Result<Segment> parse_mixed(std::string_view text);
    static bool match_segment(const Segment& segment, std::string_view text, Variables& variables);

    std::string text_;
    std::vector<Segment> segments_;
};

}  // namespace flotilla::gateway
