#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "tape_builder.hpp"
#include "utf8.hpp"

namespace flotilla::reflect::detail {

namespace {

/// Recursive descent over RFC 8259; the depth limit bounds the stack.
class CarefulParser {
public:
    CarefulParser(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

    Result<Document> parse(bool ignore_trailing_text) {
        if (!is_valid_utf8(text_)) return fail(Errc::malformed, "the text is not valid UTF-8");
        skip_blanks();
        if (!value(0)) return fail(std::move(*error_));
        skip_blanks();
        if (at_ < text_.size() && !ignore_trailing_text) {
            wrong("text after the end of the value");
            return fail(std::move(*error_));
        }
        return std::move(tape_).finish();
    }

private:
    bool stop(Errc code, std::string what) {
        std::size_t line = 1;
        std::size_t line_start = 0;
        for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
            if (text_[i] == '\n') {
                ++line;
                line_start = i + 1;
            }
        }
        error_ = Error(code, fmt::format("line {}, column {}: {}", line, at_ - line_start + 1, what));
        return false;
    }

    bool wrong(std::string_view what) {
        return stop(Errc::malformed, at_ >= text_.size() ? "the text ends too early" : std::string(what));
    }

    void skip_blanks() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
            ++at_;
        }
    }

    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool value(std::size_t depth) {
        if (++elements_ > limits_.elements) {
            return stop(Errc::limit_exceeded, fmt::format("more than {} values", limits_.elements));
        }
        switch (peek()) {
            case '{':
                return object(depth);
            case '[':
                return array(depth);
            case '"':
                if (!string()) return false;
                tape_.string(scratch_);
                return true;
            case 't':
                return word("true") && (tape_.boolean(true), true);
            case 'f':
                return word("false") && (tape_.boolean(false), true);
            case 'n':
                return word("null") && (tape_.null(), true);
            default:
                return number();
        }
    }

    bool word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) return wrong("expected a value");
        at_ += expected.size();
        return true;
    }

    bool enter(std::size_t depth) {
        if (depth >= limits_.depth) {
            return stop(Errc::limit_exceeded, fmt::format("nested deeper than {} levels", limits_.depth));
        }
        ++at_;
        skip_blanks();
        return true;
    }

    bool array(std::size_t depth) {
        if (!enter(depth)) return false;
        const std::size_t begun = tape_.begin('[');
        std::size_t count = 0;
        if (peek() != ']') {
            do {
                if (count++ > 0) next_item();
                if (!value(depth + 1)) return false;
                skip_blanks();
            } while (peek() == ',');
        }
        if (peek() != ']') return wrong("expected ',' or ']'");
        ++at_;
        tape_.end(begun, count);
        return true;
    }

    bool object(std::size_t depth) {
        if (!enter(depth)) return false;
        const std::size_t begun = tape_.begin('{');
        std::size_t count = 0;
        if (peek() != '}') {
            do {
                if (count++ > 0) next_item();
                if (peek() != '"') return wrong("expected a name in double quotes");
                if (!string()) return false;
                ++elements_;
                tape_.string(scratch_);
                skip_blanks();
                if (peek() != ':') return wrong("expected ':'");
                next_item();
                if (!value(depth + 1)) return false;
                skip_blanks();
            } while (peek() == ',');
        }
        if (peek() != '}') return wrong("expected ',' or '}'");
        ++at_;
        tape_.end(begun, count);
        return true;
    }

    void next_item() {
        ++at_;
        skip_blanks();
    }

    bool string() {
        scratch_.clear();
        for (++at_; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20) return wrong("a control character inside a string");
            if (c != '\\') {
                scratch_.push_back(c);
            } else if (!escape()) {
                return false;
            }
        }
        return wrong("");
    }

    /// At a backslash; leaves at the last character of the escape.
    bool escape() {
        ++at_;
        switch (peek()) {
            case '"':
            case '\\':
            case '/':
                scratch_.push_back(text_[at_]);
                return true;
            case 'b':
                scratch_.push_back('\b');
                return true;
            case 'f':
                scratch_.push_back('\f');
                return true;
            case 'n':
                scratch_.push_back('\n');
                return true;
            case 'r':
                scratch_.push_back('\r');
                return true;
            case 't':
                scratch_.push_back('\t');
                return true;
            case 'u':
                break;
            default:
                return wrong("unknown escape in a string");
        }
        std::uint32_t unit = 0;
        if (!hex4(unit)) return wrong("expected four hex digits after \\u");
        if (unit >= 0xD800 && unit < 0xDC00) {
            std::uint32_t low = 0;
            if (text_.substr(at_ + 1, 2) != "\\u") return wrong("half a surrogate pair");
            at_ += 2;
            if (!hex4(low) || low < 0xDC00 || low > 0xDFFF) return wrong("half a surrogate pair");
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
            return wrong("half a surrogate pair");
        }
        append_utf8(scratch_, unit);
        return true;
    }

    /// At the `u`; leaves at the last digit.
    bool hex4(std::uint32_t& unit) {
        const std::string_view digits = text_.substr(at_ + 1 <= text_.size() ? at_ + 1 : text_.size(), 4);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
        if (digits.size() != 4 || end != digits.data() + 4 || error != std::errc{}) return false;
        at_ += 4;
        return true;
    }

    std::size_t digits() {
        const std::size_t start = at_;
        while (is_ascii_digit(peek())) ++at_;
        return at_ - start;
    }

    bool number() {
        const std::size_t start = at_;
        if (peek() == '-') ++at_;
        const bool zero = peek() == '0';
        const std::size_t whole = digits();
        if (whole == 0) return wrong("expected a value");
        if (zero && whole > 1) return wrong("a number with a leading zero");
        bool integral = true;
        if (peek() == '.') {
            integral = false;
            ++at_;
            if (digits() == 0) return wrong("expected digits after the point");
        }
        if (peek() == 'e' || peek() == 'E') {
            integral = false;
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (digits() == 0) return wrong("expected digits in the exponent");
        }
        const std::string_view text = text_.substr(start, at_ - start);
        if (integral) {
            if (const auto value = parse_integer<std::int64_t>(text)) return tape_.integer(*value), true;
            if (const auto value = parse_integer<std::uint64_t>(text))
                return tape_.unsigned_integer(*value), true;
        }
        if (const auto value = parse_double(text)) return tape_.number(*value), true;
        if (is_tiny(text)) return tape_.number(text.front() == '-' ? -0.0 : 0.0), true;
        return at_ = start, wrong("a number out of range");
    }

    /// Whether a number that no double can hold is too near to zero rather than too far from it.
    static bool is_tiny(std::string_view text) {
        const std::size_t e = std::min(text.find_first_of("eE"), text.size());
        const std::string_view digits = text.substr(0, e);
        const std::size_t point = std::min(digits.find('.'), digits.size());
        const std::size_t first = std::min(digits.find_first_of("123456789"), digits.size());
        const auto magnitude = static_cast<double>(point) - static_cast<double>(first);
        const std::string_view exponent = text.substr(std::min(e + 1, text.size()));
        if (exponent.starts_with('-')) {
            const auto places = parse_integer<std::int64_t>(exponent);
            return !places || magnitude + static_cast<double>(*places) < 0;
        }
        return exponent.empty() && magnitude < 0;
    }

    std::string_view text_;
    const Limits& limits_;
    std::size_t at_ = 0;
    std::size_t elements_ = 0;
    std::string scratch_;
    TapeBuilder tape_;
    std::optional<Error> error_;
};

}  // namespace

Result<Document> parse_carefully(std::string_view text, const Limits& limits, const Leniency& leniency) {
    return CarefulParser(text, limits).parse(leniency.ignore_trailing_text);
}

}  // namespace flotilla::reflect::detail
