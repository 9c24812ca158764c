#pragma once
// Finds the first byte of a class in a run of bytes: sixteen at a time where the machine has SSE2, which
// every x86-64 has, one at a time elsewhere and for what is left at the end.

#include <array>
#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace flotilla::http::detail {

inline constexpr std::uint8_t class_token = 1;        // RFC 9110 tchar
inline constexpr std::uint8_t class_plain_name = 2;   // letters, digits and the hyphen
inline constexpr std::uint8_t class_value = 4;        // a field value: visible, blank, tab, obs-text
inline constexpr std::uint8_t class_target = 8;       // a request target: visible or obs-text
inline constexpr std::uint8_t class_host = 16;        // a registered name or IPv4 address
inline constexpr std::uint8_t class_plain_path = 32;  // what needs no second look in a path

inline constexpr auto classes = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; ++c) {
        const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        const auto among = [c](const char* set) {
            for (; *set != 0; ++set) {
                if (static_cast<unsigned char>(*set) == c) return true;
            }
            return false;
        };
        std::uint8_t bits = 0;
        if (alnum || among("!#$%&'*+-.^_`|~")) bits |= class_token;
        if (alnum || c == '-') bits |= class_plain_name;
        if ((c >= 0x20 && c != 0x7f) || c == '\t') bits |= class_value;
        if (c > 0x20 && c != 0x7f) bits |= class_target;
        if (alnum || among("-._~")) bits |= class_host;
        if (c > 0x20 && c < 0x7f && !among("?%\\#.")) bits |= class_plain_path;
        table[c] = bits;
    }
    return table;
}();

inline bool is(char c, std::uint8_t wanted) noexcept {
    return (classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

#if defined(__SSE2__)

inline __m128i load16(const char* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

inline __m128i at_most(__m128i bytes, int limit) noexcept {  // unsigned comparison, which SSE2 lacks
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(static_cast<char>(limit))), bytes);
}

inline __m128i equal(__m128i bytes, char c) noexcept {
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

// Bit i is set where byte i is not of the class.
inline unsigned outside_value(__m128i bytes) noexcept {
    const __m128i control = _mm_andnot_si128(equal(bytes, '\t'), at_most(bytes, 0x1f));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, equal(bytes, 0x7f))));
}

inline unsigned outside_target(__m128i bytes) noexcept {
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(at_most(bytes, 0x20), equal(bytes, 0x7f))));
}

inline unsigned outside_plain_name(__m128i bytes) noexcept {
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i letter = at_most(_mm_sub_epi8(lower, _mm_set1_epi8('a')), 25);
    const __m128i digit = at_most(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), 9);
    const __m128i inside = _mm_or_si128(_mm_or_si128(letter, digit), equal(bytes, '-'));
    return static_cast<unsigned>(_mm_movemask_epi8(inside)) ^ 0xffffu;
}

inline unsigned outside_plain_path(__m128i bytes) noexcept {
    const __m128i marks = _mm_or_si128(
        _mm_or_si128(equal(bytes, '?'), equal(bytes, '%')),
        _mm_or_si128(_mm_or_si128(equal(bytes, '\\'), equal(bytes, '#')), equal(bytes, '.'))
    );
    // The sign bit of the bytes themselves marks those over 0x7f.
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(marks, bytes)));
}

template <unsigned (*outside)(__m128i), std::uint8_t wanted>
const char* skip(const char* from, const char* to) noexcept {
    while (to - from >= 16) {
        if (const unsigned mask = outside(load16(from)); mask != 0) return from + std::countr_zero(mask);
        from += 16;
    }
    while (from != to && is(*from, wanted)) ++from;
    return from;
}

inline const char* skip_value(const char* from, const char* to) noexcept {
    return skip<outside_value, class_value>(from, to);
}

inline const char* skip_target(const char* from, const char* to) noexcept {
    return skip<outside_target, class_target>(from, to);
}

inline const char* skip_plain_name(const char* from, const char* to) noexcept {
    return skip<outside_plain_name, class_plain_name>(from, to);
}

inline const char* skip_plain_path(const char* from, const char* to) noexcept {
    return skip<outside_plain_path, class_plain_path>(from, to);
}

#else

template <std::uint8_t wanted>
const char* skip(const char* from, const char* to) noexcept {
    while (from != to && is(*from, wanted)) ++from;
    return from;
}

inline const char* skip_value(const char* from, const char* to) noexcept {
    return skip<class_value>(from, to);
}

inline const char* skip_target(const char* from, const char* to) noexcept {
    return skip<class_target>(from, to);
}

inline const char* skip_plain_name(const char* from, const char* to) noexcept {
    return skip<class_plain_name>(from, to);
}

inline const char* skip_plain_path(const char* from, const char* to) noexcept {
    return skip<class_plain_path>(from, to);
}

#endif

}  // namespace flotilla::http::detail
