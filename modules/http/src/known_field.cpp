#include "flotilla/http/known_field.hpp"

#include <cstring>

namespace flotilla::http {
namespace {

// A perfect hash over length and three characters. The factor was found by search; the build checks it.
constexpr std::uint8_t hash(std::string_view name) noexcept {
    const std::size_t size = name.size();
    const auto at = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])) | 0x20;
    };
    const std::uint32_t key =
        at(size * 3 / 4) | at(size / 2) << 8 | at(size - 1) << 16 | static_cast<std::uint32_t>(size) << 24;
    return static_cast<std::uint8_t>(key * 0xcb8b84c3 >> 24);
}

constexpr auto slots = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t i = 1; i < known_field_count; ++i) {
        auto& slot = table[hash(detail::known_field_names[i])];
        if (slot != 0) throw "two known fields share a slot: search for another factor";
        slot = static_cast<std::uint8_t>(i);
    }
    return table;
}();

template <class Word>
Word load(const char* from) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

constexpr std::uint64_t bit5_of_8 = 0x2020202020202020;
constexpr std::uint32_t bit5_of_4 = 0x20202020;

// Both have `size` bytes; `lower` is in lower case. Words may overlap: no byte outside is read.
bool same(const char* name, const char* lower, std::size_t size) noexcept {
    if (size >= 8) {
        for (std::size_t i = 0; i + 8 < size; i += 8) {
            if ((load<std::uint64_t>(name + i) | bit5_of_8) != load<std::uint64_t>(lower + i)) return false;
        }
        return (load<std::uint64_t>(name + size - 8) | bit5_of_8) == load<std::uint64_t>(lower + size - 8);
    }
    if (size >= 4) {
        return (load<std::uint32_t>(name) | bit5_of_4) == load<std::uint32_t>(lower) &&
               (load<std::uint32_t>(name + size - 4) | bit5_of_4) == load<std::uint32_t>(lower + size - 4);
    }
    for (std::size_t i = 0; i < size; ++i) {
        if ((name[i] | 0x20) != lower[i]) return false;
    }
    return true;
}

}  // namespace

KnownField known_field(std::string_view name) noexcept {
    if (name.empty()) return KnownField::none;
    const std::uint8_t index = slots[hash(name)];
    const std::string_view candidate = detail::known_field_names[index];
    if (candidate.size() != name.size() || !same(name.data(), candidate.data(), name.size())) {
        return KnownField::none;
    }
    return static_cast<KnownField>(index);
}

}  // namespace flotilla::http
