#pragma once
/// Ids in lower-case hex, eight digits at a time in one register.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flotilla::tracing::detail {

/// Eight lower-hex characters; false for any other.
inline bool read_hex32(const char* text, std::uint32_t& value) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    constexpr std::uint64_t high = ones << 7;
    std::uint64_t x;
    std::memcpy(&x, text, sizeof x);
    if constexpr (std::endian::native == std::endian::little) x = std::byteswap(x);
    // Where no byte has its high bit, adding 0x80 - c to each sets the high bit of those that are at least c.
    const std::uint64_t digit = (x + ones * (0x80 - '0')) & ~(x + ones * (0x80 - '9' - 1));
    const std::uint64_t letter = (x + ones * (0x80 - 'a')) & ~(x + ones * (0x80 - 'f' - 1));
    if ((x & high) != 0 || ((digit | letter) & high) != high) return false;
    std::uint64_t nibbles = (x & ones * 0x0F) + (x >> 6 & ones) * 9;
    nibbles = (nibbles | nibbles >> 4) & 0x00FF'00FF'00FF'00FF;
    nibbles = (nibbles | nibbles >> 8) & 0x0000'FFFF'0000'FFFF;
    value = static_cast<std::uint32_t>(nibbles | nibbles >> 16);
    return true;
}

/// Sixteen lower-hex characters; false for any other.
inline bool read_hex64(const char* text, std::uint64_t& value) noexcept {
    std::uint32_t upper;
    std::uint32_t lower;
    if (!read_hex32(text, upper) || !read_hex32(text + 8, lower)) return false;
    value = std::uint64_t{upper} << 32 | lower;
    return true;
}

/// One to sixteen lower-hex characters, as if padded with zeros on the left.
inline bool read_short_hex(std::string_view text, std::uint64_t& value) noexcept {
    if (text.size() == 16) return read_hex64(text.data(), value);
    if (text.empty() || text.size() > 16) return false;
    char padded[16];
    std::memset(padded, '0', sizeof padded);
    std::memcpy(padded + sizeof padded - text.size(), text.data(), text.size());
    return read_hex64(padded, value);
}

}  // namespace flotilla::tracing::detail
