#include "flotilla/reflect/writer.hpp"

#include <array>

#include "block.hpp"
#include "flotilla/reflect/print.hpp"
#include "special_bytes.hpp"

namespace flotilla::reflect::detail {

namespace {

/// Unless there is something in it that must be escaped or looked at; then less may have been copied.
bool copy_plain(char* to, std::string_view text) noexcept {
    const char* const from = text.data();
    const std::size_t size = text.size();
    if (size >= Block::size) {
        const auto copy_block = [&](std::size_t at) {
            const Block block(from + at);
            block.put(to + at);
            return block.is_plain();
        };
        for (std::size_t at = 0; at + Block::size < size; at += Block::size)
            if (!copy_block(at)) return false;
        return copy_block(size - Block::size);
    }
    if (size >= 8) {
        const std::uint64_t front = word_at(from);
        const std::uint64_t back = word_at(from + size - 8);
        std::memcpy(to, &front, sizeof front);
        std::memcpy(to + size - 8, &back, sizeof back);
        return Block(front, back).is_plain();
    }
    if (size >= 4) {
        const std::uint64_t word = short_word_at(from, size);
        put_short_word(to, word, size);
        return !any_special(word);
    }
    for (std::size_t at = 0; at < size; ++at) {
        const auto byte = static_cast<unsigned char>(from[at]);
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') return false;
        to[at] = from[at];
    }
    return true;
}

/// `00` to `99`
constexpr auto digit_pairs = [] {
    std::array<std::array<char, 2>, 100> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i)
        pairs[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
    return pairs;
}();

char* put_pair(char* to, std::uint64_t below_100) noexcept {
    std::memcpy(to, digit_pairs[below_100].data(), 2);
    return to + 2;
}

}  // namespace

void Writer::string(std::string_view text) {
    char* const to = at_;
    const auto room = static_cast<std::size_t>(block_ + sizeof block_ - to);
    // Copied while it is looked at; what needs more than that is written from its beginning by `print`.
    if (text.size() + 2 <= room && copy_plain(to + 1, text)) {
        to[0] = '"';
        to[text.size() + 1] = '"';
        at_ = to + text.size() + 2;
        return;
    }
    print::string(flushed(), text);
}

char* Writer::put_digits(char* to, std::uint64_t value) noexcept {
    if (value < 10) {
        *to = static_cast<char>('0' + value);
        return to + 1;
    }
    if (value < 100) return put_pair(to, value);
    if (value >= 10'000) {
        to = put_digits(to, value / 10'000);
        value %= 10'000;
    } else if (value < 1'000) {
        *to++ = static_cast<char>('0' + value / 100);
        return put_pair(to, value % 100);
    }
    return put_pair(put_pair(to, value / 100), value % 100);
}

void Writer::number(double value) {
    make_room(print::longest_number);
    at_ = print::number(at_, value);
}

void Writer::number(float value) {
    make_room(print::longest_number);
    at_ = print::number(at_, value);
}

}  // namespace flotilla::reflect::detail
