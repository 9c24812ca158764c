#include "flotilla/reflect/scan.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

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

void copy(char* to, const char* from, std::size_t size) noexcept {
    if (size < 4 || size > 16) {
        std::memcpy(to, from, size);
        return;
    }
    if (size < 8) {
        put_short_word(to, short_word_at(from, size), size);
        return;
    }
    const std::uint64_t front = word_at(from);
    const std::uint64_t back = word_at(from + size - 8);
    std::memcpy(to, &front, 8);
    std::memcpy(to + size - 8, &back, 8);
}

void assign(std::string& out, const char* from, std::size_t size) {
    // What it is called with besides may be the capacity.
    out.resize_and_overwrite(size, [from, size](char* to, std::size_t) {
        copy(to, from, size);
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
    const char* const digits = negative ? at + 1 : at;
    std::uint64_t value = 0;
    for (at = digits; at != end && is_ascii_digit(*at); ++at)
        value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    const auto count = at - digits;
    if (count == 0 || count > 18 || (count > 1 && *digits == '0')) return nullptr;
    out = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    return at;
}

bool goes_on_as_number(const char* at, const char* end) noexcept {
    return at != end && (*at == '.' || *at == 'e' || *at == 'E');
}

}  // namespace

bool Scanner::at_end() noexcept {
    skip_blanks();
    return at_ == end_ && (!any_non_ascii_ || is_valid_utf8(text_));
}

bool Scanner::take_word(std::string_view word) noexcept {
    skip_blanks();
    if (static_cast<std::size_t>(end_ - at_) < word.size() || *at_ != word.front()) return false;
    if (std::memcmp(at_, word.data(), word.size()) != 0) return false;
    at_ += word.size();
    return true;
}

bool Scanner::boolean(bool& out) noexcept {
    out = take_word("true");
    return out || take_word("false");
}

bool Scanner::integer(std::int64_t low, std::int64_t high, std::int64_t& out) noexcept {
    skip_blanks();
    const char* const end = read_integer_text(at_, end_, out);
    if (end == nullptr || goes_on_as_number(end, end_) || out < low || out > high) return false;
    at_ = end;
    return true;
}

bool Scanner::number(double& out) noexcept {
    skip_blanks();
    std::int64_t whole = 0;
    const char* end = read_integer_text(at_, end_, whole);
    if (end == nullptr) return false;
    if (!goes_on_as_number(end, end_)) {
        out = static_cast<double>(whole);
        at_ = end;
        return true;
    }
    if (*end == '.') end = skip_digits(end + 1, end_);
    if (end != nullptr && end != end_ && (*end == 'e' || *end == 'E')) {
        ++end;
        if (end != end_ && (*end == '+' || *end == '-')) ++end;
        end = skip_digits(end, end_);
    }
    if (end == nullptr) return false;
    const auto [stop, error] = std::from_chars(at_, end, out);
    if (error != std::errc() || stop != end || !std::isfinite(out)) return false;
    at_ = end;
    return true;
}

/// Of a text whose inside begins there: its closing quote or its first backslash; null when neither comes.
const char* Scanner::text_end(const char* at) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        for (; end_ - at >= 8; at += 8) {
            const std::uint64_t word = word_at(at);
            if ((word & high_bits) != 0) any_non_ascii_ = true;
            if (const std::uint64_t special = special_bytes(word); special != 0) {
                at += std::countr_zero(special) / 8;
                return static_cast<unsigned char>(*at) < 0x20 ? nullptr : at;
            }
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

bool Scanner::plain_text(std::string_view& out) noexcept {
    if (!take('"')) return false;
    const char* const stop = text_end(at_);
    if (stop == nullptr || *stop != '"') return false;
    out = {at_, stop};
    at_ = stop + 1;
    return true;
}

bool Scanner::string(std::string& out) {
    if (!take('"')) return false;
    const char* const stop = text_end(at_);
    if (stop == nullptr) return false;
    assign(out, at_, static_cast<std::size_t>(stop - at_));
    at_ = stop + 1;
    return *stop == '"' || unescape(out);
}

/// The rest of a text, from behind its first backslash on.
bool Scanner::unescape(std::string& out) {
    for (;;) {
        if (at_ == end_) return false;
        constexpr std::string_view escapes = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const std::size_t which = escapes.find(*at_++);
        if (which == std::string_view::npos) return false;
        out.push_back(meanings[which]);
        const char* const stop = text_end(at_);
        if (stop == nullptr) return false;
        out.append(at_, stop);
        at_ = stop + 1;
        if (*stop == '"') return true;
    }
}

bool Scanner::enumerator(std::span<const EnumText> texts, std::int64_t& out) noexcept {
    std::string_view text;
    if (!plain_text(text)) return false;
    const auto found = std::ranges::find(texts, text, &EnumText::outside);
    if (found == texts.end()) return false;
    out = found->value;
    return true;
}

bool Scanner::object(std::span<const MemberScanner> members, void* object) {
    if (!enter('{')) return false;
    if (leave('}')) return true;
    // Members mostly come in the order of the struct: each search begins after the one found before.
    std::size_t expected = 0;
    do {
        skip_blanks();
        const MemberScanner* found = nullptr;
        if (expected < members.size()) {
            const std::string_view key = members[expected].key;
            if (static_cast<std::size_t>(end_ - at_) >= key.size() && same(at_, key.data(), key.size())) {
                at_ += key.size();
                found = &members[expected++];
            }
        }
        if (found == nullptr) {
            std::string_view name;
            if (!plain_text(name) || !take(':')) return false;
            for (std::size_t i = 0, at = expected; i < members.size() && found == nullptr; ++i, ++at) {
                if (at >= members.size()) at -= members.size();
                const std::string_view key = members[at].key;
                if (key.size() != name.size() + 3 || !same(key.data() + 1, name.data(), name.size()))
                    continue;
                found = &members[at];
                expected = at + 1;
            }
        }
        if (found == nullptr) {
            if (!leniency_.ignore_unknown || leniency_.relaxed_names || !skip_value()) return false;
        } else if (!found->scan(*this, object)) {
            return false;
        }
    } while (take(','));
    return leave('}');
}

std::size_t Scanner::expected_elements(const char* first) const noexcept {
    constexpr std::size_t most = 16;
    const auto used = static_cast<std::size_t>(at_ - first) + 1;
    return std::min(static_cast<std::size_t>(end_ - at_) / used + 1, most);
}

/// Where the next value ends if it is one, which somebody else finds out; null when it is too deep.
const char* Scanner::value_end() noexcept {
    skip_blanks();
    std::size_t open = 0;
    for (const char* at = at_; at != end_; ++at) {
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

bool Scanner::skip_value() {
    skip_blanks();
    if (at_ != end_ && *at_ == '"') {
        if (const char* const stop = text_end(at_ + 1); stop != nullptr && *stop == '"') {
            at_ = stop + 1;
            return true;
        }
    }
    return next_document().has_value();
}

Result<Document> Scanner::next_document() {
    const char* const end = value_end();
    if (end == nullptr) return fail(Errc::malformed, "no value");
    const std::string_view value(at_, end);
    at_ = end;
    return parse_json_document(value, {.depth = depth_});
}

}  // namespace flotilla::reflect::detail
