#pragma once
/// Values of filters with variables in them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::gateway {

class Exchange;

/// A path or query value as a template: `/{segment}/x`. Compiled once; without variables it is a plain text.
class ValueTemplate {
public:
    static Result<ValueTemplate> compile(std::string_view text);

    /// Nothing when a variable has no value, or one with an octet that no header may carry.
    [[nodiscard]] std::optional<std::string_view> expand(Exchange& exchange) const;
    /// As part of a path: escaped, but for slashes.
    [[nodiscard]] std::optional<std::string_view> expand_path(Exchange& exchange) const;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    struct Piece {
        std::string text;
        bool variable = false;
    };

    std::string text_;
    std::vector<Piece> pieces_;  // none: the text itself
};

}  // namespace flotilla::gateway
