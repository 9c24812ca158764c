#include "flotilla/reflect/writer.hpp"

#include "flotilla/reflect/print.hpp"
#include "special_bytes.hpp"

namespace flotilla::reflect::detail {

namespace {

/// Unless there is something in it that must be escaped or looked at; then less may have been copied.
bool copy_plain(char* to, std::string_view text) noexcept {
    const char* const from = text.data();
    const std::size_t size = text.size();
    const auto copy_word = [&](std::size_t at) {
        const std::uint64_t word = word_at(from + at);
        std::memcpy(to + at, &word, sizeof word);
        return !any_special(word);
    };
    if (size >= 8) {
        for (std::size_t at = 0; at + 8 < size; at += 8)
            if (!copy_word(at)) return false;
        return copy_word(size - 8);
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

}  // namespace

void Writer::string(std::string_view text) {
    constexpr std::size_t longest = sizeof block_ - 2;
    if (text.size() > longest) return print::string(flushed(), text);
    make_room(text.size() + 2);
    char* to = at_;
    *to++ = '"';
    // Copied while it is looked at; what needs more than that is written from its beginning by `print`.
    if (!copy_plain(to, text)) return print::string(flushed(), text);
    to += text.size();
    *to++ = '"';
    at_ = to;
}

void Writer::number(double value) {
    print::number(flushed(), value);
}

void Writer::number(float value) {
    print::number(flushed(), value);
}

}  // namespace flotilla::reflect::detail
