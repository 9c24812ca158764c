#pragma once
/// Regular expressions as route files write them, in Java's syntax, matched in time that grows with the text
/// alone.
///
/// What needs backtracking (look-around, back references, possessive quantifiers) is refused when it is
/// compiled, and so is what would silently mean something else here (`&&` and nested sets in a character
/// class).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"

namespace re2 {
class RE2;
}

namespace flotilla::gateway {

/// A value; copies share what was compiled. Safe on any thread.
class TextPattern {
public:
    static Result<TextPattern> compile(std::string_view java);

    /// The whole text.
    [[nodiscard]] bool matches(std::string_view text) const;

    /// As it was written.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    friend class Replacement;

    TextPattern(std::string text, std::shared_ptr<const re2::RE2> compiled);

    std::string text_;
    std::shared_ptr<const re2::RE2> compiled_;
};

/// What takes the place of each match: `$1`, `${name}`, `\x` for x itself, and `$\` for a dollar, which keeps
/// `${x}` from being taken for a property in a configuration file. A group that the pattern does not have is
/// refused.
class Replacement {
public:
    static Result<Replacement> compile(const TextPattern& pattern, std::string_view java);

    /// Nothing when the pattern does not occur.
    [[nodiscard]] std::optional<std::string> apply(std::string_view text) const;

    /// With `$\` read as `$`.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    struct Piece {
        std::string literal;
        int group = -1;  ///< instead of the literal
    };

    explicit Replacement(TextPattern pattern) : pattern_(std::move(pattern)) {}

    TextPattern pattern_;
    std::string text_;
    std::vector<Piece> pieces_;
};

}  // namespace flotilla::gateway
