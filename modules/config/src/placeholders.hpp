#pragma once
/// `${name}` and `${name:default}`, nested on both sides.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"

namespace flotilla::config::detail {

/// Replaces placeholders by what `lookup` gives, whose answers are resolved in turn. `\${x}` stays as `${x}`.
class PlaceholderResolver {
public:
    using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

    explicit PlaceholderResolver(const Lookup& lookup) : lookup_(lookup) {}

    /// A placeholder without value and default, a circle or one that does not close is an error.
    Result<std::string> resolve(std::string_view text);

private:
    Result<std::string> placeholder(std::string_view body, std::string_view whole);

    static constexpr std::size_t longest = 1U << 20;

    const Lookup& lookup_;
    std::vector<std::string> open_;  ///< names that are being resolved, for circles
};

}  // namespace flotilla::config::detail
