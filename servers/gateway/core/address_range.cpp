#include "flotilla/gateway/address_range.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::gateway {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    const std::string terminated(text);
    IpAddress made;
    if (in_addr four{}; inet_pton(AF_INET, terminated.c_str(), &four) == 1) {
        made.v4 = true;
        made.bytes[10] = made.bytes[11] = 0xff;
        std::copy_n(reinterpret_cast<const std::uint8_t*>(&four), 4, made.bytes.begin() + 12);
        return made;
    }
    if (inet_pton(AF_INET6, terminated.c_str(), made.bytes.data()) != 1) return std::nullopt;
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    made.v4 = std::equal(mapped.begin(), mapped.end(), made.bytes.begin());
    return made;
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    const auto wrong = [text] {
        return fail(
            Errc::invalid_argument, fmt::format("'{}' is no address, and no block such as 10.0.0.0/8", text)
        );
    };
    if (!address) return wrong();
    AddressRange made;
    made.text_ = text;
    made.address_ = *address;
    if (slash != std::string_view::npos) {
        const auto bits = parse_integer<unsigned>(text.substr(slash + 1));
        if (!bits || *bits > (address->v4 ? 32U : 128U)) return wrong();
        made.bits_ = *bits + (address->v4 ? 96 : 0);
    }
    return made;
}

bool AddressRange::contains(const IpAddress& address) const noexcept {
    if (address.v4 != address_.v4) return false;
    const std::size_t whole = bits_ / 8;
    if (!std::equal(
            address_.bytes.begin(),
            address_.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
            address.bytes.begin()
        ))
        return false;
    const unsigned rest = bits_ % 8;
    return rest == 0 || (address_.bytes[whole] >> (8 - rest)) == (address.bytes[whole] >> (8 - rest));
}

}  // namespace flotilla::gateway
