#pragma once
// Eight bytes of a text at a time: which of them JSON does not take as they are.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flotilla::reflect::detail {

inline constexpr std::uint64_t ones = 0x0101010101010101;
inline constexpr std::uint64_t high_bits = ones * 0x80;

inline std::uint64_t word_at(const char* at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// Four to seven bytes in one word, some of them twice.
inline std::uint64_t short_word_at(const char* at, std::size_t size) noexcept {
    std::uint32_t front = 0;
    std::uint32_t back = 0;
    std::memcpy(&front, at, sizeof front);
    std::memcpy(&back, at + size - sizeof back, sizeof back);
    return front | (std::uint64_t{back} << 32);
}

/// Such a word as bytes again.
inline void put_short_word(char* at, std::uint64_t word, std::size_t size) noexcept {
    const auto front = static_cast<std::uint32_t>(word);
    const auto back = static_cast<std::uint32_t>(word >> 32);
    std::memcpy(at, &front, sizeof front);
    std::memcpy(at + size - sizeof back, &back, sizeof back);
}

/// The high bit of each byte that is a control character, a quote or a backslash, from the lowest byte to the
/// first such one; the bytes above it may be told wrongly. Those of bytes outside ASCII mean nothing.
constexpr std::uint64_t special_or_high(std::uint64_t word) noexcept {
    const std::uint64_t control = word - ones * 0x20;
    const std::uint64_t quote = (word ^ (ones * '"')) - ones;
    const std::uint64_t backslash = (word ^ (ones * '\\')) - ones;
    return (control | quote | backslash) & high_bits;
}

/// The same with those outside ASCII left out.
constexpr std::uint64_t special_bytes(std::uint64_t word) noexcept {
    return special_or_high(word) & ~word;
}

/// Whether one of them is special or outside ASCII. It may say yes too often, never no wrongly.
constexpr bool any_special(std::uint64_t word) noexcept {
    return (special_or_high(word) | (word & high_bits)) != 0;
}

}  // namespace flotilla::reflect::detail
