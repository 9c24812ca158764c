#include "flotilla/shop/user/address_ranges.hpp"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "flotilla/base/text.hpp"

namespace flotilla::shop::user {

namespace {

constexpr unsigned all_bits = 128;
/// Of an IPv4 address inside an IPv6 one: `::ffff:a.b.c.d`.
constexpr unsigned mapped_bits = 96;

bool same_prefix(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, unsigned bits) noexcept {
    const std::size_t whole = bits / 8;
    if (!std::ranges::equal(a.first(whole), b.first(whole))) return false;
    if (bits % 8 == 0) return true;
    const unsigned mask = 0xff00U >> (bits % 8);
    return ((a[whole] ^ b[whole]) & mask & 0xffU) == 0;
}

}  // namespace

Result<AddressRanges> AddressRanges::of(std::span<const std::string> texts) {
    AddressRanges ranges;
    for (const auto& text : texts) {
        FLT_TRY(const Range range, range_of(trim(text)));
        ranges.ranges_.push_back(range);
    }
    return ranges;
}

bool AddressRanges::contain(const runtime::Endpoint& address) const noexcept {
    const Bytes bytes = bytes_of(address);
    return std::ranges::any_of(ranges_, [&](const Range& range) {
        return same_prefix(bytes, range.address, range.bits);
    });
}

AddressRanges::Bytes AddressRanges::bytes_of(const runtime::Endpoint& address) noexcept {
    Bytes bytes{};
    if (address.is_v6()) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address.data(), sizeof v6);
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        return bytes;
    }
    sockaddr_in v4{};
    std::memcpy(&v4, address.data(), sizeof v4);
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(&bytes[12], &v4.sin_addr, sizeof v4.sin_addr);
    return bytes;
}

Result<AddressRanges::Range> AddressRanges::range_of(std::string_view text) {
    const auto wrong = [text] {
        return fail(Errc::invalid_argument, fmt::format("'{}' is neither an address nor a range", text));
    };
    const std::size_t slash = text.find('/');
    const auto address = runtime::Endpoint::parse(text.substr(0, slash), 0);
    if (!address) return wrong();
    const unsigned prefix = address->is_v6() ? 0 : mapped_bits;
    unsigned bits = all_bits;
    if (slash != std::string_view::npos) {
        const auto length = parse_integer<unsigned>(text.substr(slash + 1));
        if (!length || *length > all_bits - prefix) return wrong();
        bits = prefix + *length;
    }
    return Range{.address = bytes_of(*address), .bits = bits};
}

}  // namespace flotilla::shop::user
