#include "flotilla/reflect/scan.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "block.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "special_bytes.hpp"

namespace flotilla::reflect::detail {

namespace {

/// Names and texts are mostly short: no call for those.
bool same(const char* a, const char* b, std::size_t size) noexcept {
    if (size < 4) return std::memcmp(a, b, size) == 0;
    if (size < 8) return short_word_at(a, size) == short_word_at(b, size);
    for (std::size_t at = 0; at + 8 < size; at += 8)
        if (word_at(a + at) != word_at(b + at)) return false;
    return word_at(a + size - 8) == word_at(b + size - 8);
}

void assign(std::string& out, const char* from, std::size_t size) {
    // What it is called with besides may be the capacity.
    out.resize_and_overwrite(size, [from, size](char* to, std::size_t) {
        std::memcpy(to, from, size);
        return size;
    });
}

void assign_front(std::string& out, const Block& block, std::size_t size) {
    constexpr std::size_t room = Block::size - 1;   // and one for the zero at the end
    if (out.capacity() < room) std::unreachable();  // every string has that much in itself
    out.resize_and_overwrite(room, [&block, size](char* to, std::size_t) {
        block.put(to);
        return size;
    });
}

/// The digits of a JSON number from there on: at least one.
const char* skip_digits(const char* at, const char* end) noexcept {
    const char* const begin = at;
    while (at != end && is_ascii_digit(*at)) ++at;
    return at == begin ? nullptr : at;
}

/// An integer of at most 18 digits, which fits for sure; the end of it, or null.
const char* read_integer_text(const char* at, const char* end, std::int64_t& out) noexcept {
    const bool negative = at != end && *at == '-';
    if (negative) ++at;
    const char* const digits = at;
    std::uint64_t value = 0;
    for (; at != end && is_ascii_digit(*at); ++at) value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    const auto count = at - digits;
    if (count == 0 || count > 18 || (count > 1 && *digits == '0')) return nullptr;
    out = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    return at;
}

/// Up to seven digits at once: they are moved to the high end of a word, zeros go before them, and neighbours
/// are added up, then pairs, then fours. Null when it is not so simple.
const char* read_few_digits(const char* at, const char* end, std::int64_t& out) noexcept {
    if (std::endian::native != std::endian::little || end - at < 8) return nullptr;
    std::uint64_t word = word_at(at) ^ (ones * '0');
    const std::uint64_t others = ((word + ones * 0x76) | word) & high_bits;
    if (others == 0) return nullptr;
    const int bits = std::countr_zero(others) & ~7;
    const char* const behind = at + bits / 8;
    if (bits == 0 || (*at == '0' && bits > 8) || *behind == '.' || (*behind | 0x20) == 'e') return nullptr;
    word <<= 64 - bits;
    word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;
    word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;
    out = static_cast<std::uint32_t>(word * 10'000 + (word >> 32));
    return behind;
}

/// A number with a point and few digits: as an integer it is exact, and so is the power of ten that it is
/// divided by, so that the quotient is the double nearest to it.
bool read_short_fraction(const char* at, const char* point, const char* end, double& out) noexcept {
    static constexpr std::array<double, 16> powers{
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };
    const bool negative = *at == '-';
    if (end - at - (negative ? 2 : 1) > 15) return false;
    std::int64_t digits = 0;
    for (const char* digit = negative ? at + 1 : at; digit != end; ++digit)
        if (digit != point) digits = digits * 10 + (*digit - '0');
    const double value = static_cast<double>(digits) / powers[static_cast<std::size_t>(end - point - 1)];
    out = negative ? -value : value;
    return true;
}

bool goes_on_as_number(const char* at, const char* end) noexcept {
    return at != end && (*at == '.' || *at == 'e' || *at == 'E');
}

}  // namespace

bool Scanner::ends(const char* at) const noexcept {
    return skip_blanks(at) == end_ && (!any_non_ascii_ || is_valid_utf8(text_));
}

const char* Scanner::skip_some_blanks(const char* at) const noexcept {
    while (at != end_ && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    return at;
}

Scanner::Next Scanner::next_or_end(const char* at, char bracket) noexcept {
    if (const char* const behind = take(at, ',')) return {skip_blanks(behind), true};
    return {leave(at, bracket), false};
}

const char* Scanner::boolean(const char* at, bool& out) const noexcept {
    at = skip_blanks(at);
    if (const char* const end = take_word(at, "true")) return out = true, end;
    out = false;
    return take_word(at, "false");
}

const char* Scanner::integer(const char* at, std::int64_t& out) const noexcept {
    at = skip_blanks(at);
    if (const char* const behind = read_few_digits(at, end_, out)) return behind;
    at = read_integer_text(at, end_, out);
    return at == nullptr || goes_on_as_number(at, end_) ? nullptr : at;
}

const char* Scanner::number(const char* at, double& out) const noexcept {
    at = skip_blanks(at);
    std::int64_t whole = 0;
    const char* end = read_integer_text(at, end_, whole);
    if (end == nullptr) return nullptr;
    if (!goes_on_as_number(end, end_)) {
        out = static_cast<double>(whole);
        return end;
    }
    if (*end == '.') {
        const char* const point = end;
        end = skip_digits(point + 1, end_);
        if (end != nullptr && !goes_on_as_number(end, end_) && read_short_fraction(at, point, end, out))
            return end;
    }
    if (end != nullptr && end != end_ && (*end == 'e' || *end == 'E')) {
        ++end;
        if (end != end_ && (*end == '+' || *end == '-')) ++end;
        end = skip_digits(end, end_);
    }
    if (end == nullptr) return nullptr;
    const auto [stop, error] = std::from_chars(at, end, out);
    return error == std::errc() && stop == end && std::isfinite(out) ? end : nullptr;
}

/// Of a text whose inside begins there: its closing quote or its first backslash; null when neither comes.
const char* Scanner::text_end(const char* at) noexcept {
    for (; static_cast<std::size_t>(end_ - at) >= Block::size; at += Block::size) {
        const Block block(at);
        if (block.outside_ascii() != 0) any_non_ascii_ = true;
        if (const unsigned special = block.special(); special != 0) {
            at += std::countr_zero(special);
            return static_cast<unsigned char>(*at) < 0x20 ? nullptr : at;
        }
    }
    for (; at != end_; ++at) {
        if (*at == '"' || *at == '\\') return at;
        const auto byte = static_cast<unsigned char>(*at);
        if (byte < 0x20) return nullptr;
        if (byte >= 0x80) any_non_ascii_ = true;
    }
    return nullptr;
}

const char* Scanner::plain_text(const char* at, std::string_view& out) noexcept {
    at = take(at, '"');
    if (at == nullptr) return nullptr;
    const char* const stop = text_end(at);
    if (stop == nullptr || *stop != '"') return nullptr;
    out = {at, stop};
    return stop + 1;
}

const char* Scanner::string(const char* at, std::string& out) {
    // Most texts are short: one look, one move.
    if (static_cast<std::size_t>(end_ - at) > Block::size && *at == '"') {
        const Block block(at + 1);
        const auto size = static_cast<std::size_t>(std::countr_zero(block.special() | 1U << Block::size));
        if (size < Block::size && at[size + 1] == '"') {
            if (block.outside_ascii() != 0) any_non_ascii_ = true;
            assign_front(out, block, size);
            return at + size + 2;
        }
    }
    constexpr auto any_string =
        [] [[gnu::noinline]] (Scanner & self, const char* from, std::string& into) -> const char* {
        from = self.take(from, '"');
        if (from == nullptr) return nullptr;
        const char* const stop = self.text_end(from);
        if (stop == nullptr) return nullptr;
        assign(into, from, static_cast<std::size_t>(stop - from));
        return *stop == '"' ? stop + 1 : self.unescape(stop + 1, into);
    };
    return any_string(*this, at, out);
}

/// The rest of a text, from behind its first backslash on.
const char* Scanner::unescape(const char* at, std::string& out) {
    for (;;) {
        if (at == end_) return nullptr;
        constexpr std::string_view escapes = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const std::size_t which = escapes.find(*at++);
        if (which == std::string_view::npos) return nullptr;
        out.push_back(meanings[which]);
        const char* const stop = text_end(at);
        if (stop == nullptr) return nullptr;
        out.append(at, stop);
        at = stop + 1;
        if (*stop == '"') return at;
    }
}

const char* Scanner::enumerator(const char* at, std::span<const EnumText> texts, std::int64_t& out) noexcept {
    std::string_view text;
    at = plain_text(at, text);
    if (at == nullptr) return nullptr;
    const auto found = std::ranges::find(texts, text, &EnumText::outside);
    if (found == texts.end()) return nullptr;
    out = found->value;
    return at;
}

const char* Scanner::members(const char* at, std::span<const MemberScanner> members, void* object) {
    // Those that come in another order are mostly in the same order each time: each search begins after the
    // one found before.
    std::size_t expected = 0;
    Next place{at, true};
    while (place.more) {
        const MemberScanner* found = nullptr;
        if (expected < members.size()) {
            const std::string_view key = members[expected].key;
            if (static_cast<std::size_t>(end_ - place.at) >= key.size() &&
                same(place.at, key.data(), key.size())) {
                at = place.at + key.size();
                found = &members[expected++];
            }
        }
        if (found == nullptr) {
            std::string_view name;
            at = plain_text(place.at, name);
            if (at != nullptr) at = take(at, ':');
            if (at == nullptr) return nullptr;
            for (std::size_t i = 0, next = expected; i < members.size() && found == nullptr; ++i, ++next) {
                if (next >= members.size()) next -= members.size();
                const std::string_view key = members[next].key;
                if (key.size() != name.size() + 3 || !same(key.data() + 1, name.data(), name.size()))
                    continue;
                found = &members[next];
                expected = next + 1;
            }
        }
        if (found != nullptr) {
            at = found->scan(*this, at, object);
        } else {
            at = leniency_.ignore_unknown && !leniency_.relaxed_names ? skip_value(at) : nullptr;
        }
        if (at == nullptr) return nullptr;
        place = next(at, '}');
    }
    return place.at;
}

std::size_t Scanner::expected_elements(const char* first, const char* first_end) const noexcept {
    constexpr std::size_t most = 16;
    const auto used = static_cast<std::size_t>(first_end - first) + 1;
    return std::min(static_cast<std::size_t>(end_ - first_end) / used + 1, most);
}

/// Where the next value ends if it is one, which somebody else finds out; null when it is too deep.
const char* Scanner::value_end(const char* at) noexcept {
    std::size_t open = 0;
    for (; at != end_; ++at) {
        switch (*at) {
            case '"':
                for (at = text_end(at + 1); at != nullptr && *at == '\\'; at = text_end(at + 2))
                    if (end_ - at < 2) return nullptr;
                if (at == nullptr) return nullptr;
                if (open == 0) return at + 1;
                break;
            case '{':
            case '[':
                if (++open > depth_left_) return nullptr;
                break;
            case '}':
            case ']':
                if (open == 0) return at;
                if (--open == 0) return at + 1;
                break;
            case ',':
                if (open == 0) return at;
                break;
            default:
                break;
        }
    }
    return end_;
}

const char* Scanner::skip_value(const char* at) {
    at = skip_blanks(at);
    if (at != end_ && *at == '"') {
        if (const char* const stop = text_end(at + 1); stop != nullptr && *stop == '"') return stop + 1;
    }
    return next_document(at) ? at : nullptr;
}

Result<Document> Scanner::next_document(const char*& at) {
    const char* const begin = skip_blanks(at);
    const char* const end = value_end(begin);
    if (end == nullptr) return fail(Errc::malformed, "no value");
    at = end;
    return parse_json_document({begin, end}, {.depth = depth_});
}

}  // namespace flotilla::reflect::detail
