#pragma once
/// The path of a request cut into what patterns compare: segments, decoded, without their `;matrix`
/// parameters.

#include <span>
#include <string_view>

#include "flotilla/gateway/arena.hpp"

namespace flotilla::gateway {

/// `/a/b` has `a`, `b`; `/a/` has `a` and an empty one; `/` has one, empty. `%2F` separates nothing. Views
/// point into the path that it was made of, and into the arena where something had to be decoded.
class RequestPath {
public:
    RequestPath(std::string_view raw, Arena& arena);

    [[nodiscard]] std::span<const std::string_view> segments() const noexcept { return segments_.all(); }

    /// As it was received.
    [[nodiscard]] std::string_view raw() const noexcept { return raw_; }

private:
    std::string_view raw_;
    ArenaList<std::string_view> segments_;
};

}  // namespace flotilla::gateway
