#pragma once
/// A block of IP addresses: `10.0.0.0/8`, `::1`, `192.168.1.7`.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"

namespace flotilla::gateway {

/// Sixteen bytes; an IPv4 address is kept as IPv6 has it (`::ffff:a.b.c.d`).
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};
    bool v4 = false;

    /// With or without brackets; nothing when it is no address.
    static std::optional<IpAddress> parse(std::string_view text);
    friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

class AddressRange {
public:
    /// Without a mask it is the one address: `/32` or `/128`.
    static Result<AddressRange> parse(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
    IpAddress address_;
    unsigned bits_ = 128;
};

}  // namespace flotilla::gateway
