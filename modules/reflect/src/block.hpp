#pragma once
// Sixteen bytes of a text at a time: which of them JSON does not take as they are.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace flotilla::reflect::detail {

/// Answers about single bytes have a bit for each, the lowest for the first one.
class Block {
public:
    static constexpr std::size_t size = 16;

    explicit Block(const char* from) noexcept { std::memcpy(&bytes_, from, size); }

    Block(std::uint64_t front, std::uint64_t back) noexcept {
        const std::array<std::uint64_t, 2> words{front, back};
        std::memcpy(&bytes_, words.data(), size);
    }

    void put(char* to) const noexcept { std::memcpy(to, &bytes_, size); }

#if defined(__SSE2__)
    /// Control characters, quotes and backslashes.
    [[nodiscard]] unsigned special() const noexcept { return bits(special_bytes()); }

    [[nodiscard]] unsigned outside_ascii() const noexcept { return bits(bytes_); }

    [[nodiscard]] bool is_plain() const noexcept { return bits(_mm_or_si128(special_bytes(), bytes_)) == 0; }

private:
    [[nodiscard]] __m128i special_bytes() const noexcept {
        const __m128i last_control = _mm_set1_epi8(0x1F);
        const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(bytes_, last_control), last_control);
        const __m128i quote = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('"'));
        const __m128i backslash = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('\\'));
        return _mm_or_si128(control, _mm_or_si128(quote, backslash));
    }

    static unsigned bits(__m128i bytes) noexcept { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }

    __m128i bytes_;
#else
    [[nodiscard]] unsigned special() const noexcept {
        return bits([](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; });
    }

    [[nodiscard]] unsigned outside_ascii() const noexcept {
        return bits([](unsigned char c) { return c >= 0x80; });
    }

    [[nodiscard]] bool is_plain() const noexcept { return (special() | outside_ascii()) == 0; }

private:
    template <class Is>
    [[nodiscard]] unsigned bits(Is is) const noexcept {
        unsigned out = 0;
        for (std::size_t i = 0; i < size; ++i) out |= (is(bytes_[i]) ? 1U : 0U) << i;
        return out;
    }

    std::array<unsigned char, size> bytes_;
#endif
};

}  // namespace flotilla::reflect::detail
