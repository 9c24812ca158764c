#pragma once
/// The path of a request cut into what patterns compare: segments, decoded, without their `;matrix`
/// parameters.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "flotilla/gateway/arena.hpp"

namespace flotilla::gateway {

/// `/a/b` has `a`, `b`; `/a/` has `a` and an empty one; `/` has one, empty. `%2F` separates nothing. Views
/// point into the path that it was made of, and into the arena where something had to be decoded.
class RequestPath {
public:
    RequestPath(std::string_view raw, Arena& arena);

    [[nodiscard]] std::span<const std::string_view> segments() const noexcept {
        return {more_.empty() ? first_.data() : more_.data(), size_};
    }

    /// As it was received.
    [[nodiscard]] std::string_view raw() const noexcept { return raw_; }

private:
    static constexpr std::size_t inline_size = 24;

    void add(std::string_view segment);

    std::string_view raw_;
    std::size_t size_ = 0;
    std::array<std::string_view, inline_size> first_{};
    std::vector<std::string_view> more_;  // all of them, once there are more than `first_` holds
};

}  // namespace flotilla::gateway
