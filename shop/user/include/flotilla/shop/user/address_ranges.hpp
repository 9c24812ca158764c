#pragma once
/// IP addresses and ranges of them: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`. Pure.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/runtime/endpoint.hpp"

namespace flotilla::shop::user {

/// A list of ranges; an empty one contains nothing.
class AddressRanges {
public:
    AddressRanges() = default;

    /// Fails with the first text that is neither an address nor a range.
    static Result<AddressRanges> of(std::span<const std::string> texts);

    [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }

    [[nodiscard]] bool contain(const runtime::Endpoint& address) const noexcept;

private:
    /// An IPv4 address is the IPv6 one that it maps to.
    using Bytes = std::array<std::uint8_t, 16>;

    struct Range {
        Bytes address{};
        unsigned bits = 0;
    };

    static Bytes bytes_of(const runtime::Endpoint& address) noexcept;
    static Result<Range> range_of(std::string_view text);

    std::vector<Range> ranges_;
};

}  // namespace flotilla::shop::user
