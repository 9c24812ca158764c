#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/reflect/leaves.hpp"
#include "utf8.hpp"

namespace flotilla::reflect {

namespace {

/// The grammar of java.util.Properties, with Spring's document separator.
class PropertiesParser {
public:
    PropertiesParser(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

    Result<std::vector<std::vector<Leaf>>> parse() {
        std::vector<std::vector<Leaf>> documents(1);
        std::size_t count = 0;
        while (at_ < text_.size()) {
            skip_blanks();
            const char c = peek();
            if (c == '#' || c == '!') {
                const std::string_view comment = trim(text_.substr(at_ + 1, line_end() - at_ - 1));
                if (comment == "---" && at_ == line_start_) documents.emplace_back();
                at_ = line_end();
                skip_line_end();
            } else if (c == '\n' || c == '\r') {
                skip_line_end();
            } else if (at_ < text_.size()) {
                if (++count > limits_.elements) {
                    return fail(
                        Errc::limit_exceeded, fmt::format("more than {} properties", limits_.elements)
                    );
                }
                FLT_TRY(Leaf leaf, entry());
                documents.back().push_back(std::move(leaf));
            }
        }
        return documents;
    }

private:
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\n'; }

    [[nodiscard]] bool at_line_end() const { return peek() == '\n' || peek() == '\r'; }

    [[nodiscard]] std::size_t line_end() const {
        return std::min(text_.find_first_of("\r\n", at_), text_.size());
    }

    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\f')) ++at_;
    }

    void skip_line_end() {
        if (at_ >= text_.size()) return;
        if (text_[at_] == '\r' && text_.substr(at_ + 1, 1) == "\n") ++at_;
        ++at_;
        ++line_;
        line_start_ = at_;
    }

    Result<Leaf> entry() {
        Leaf leaf;
        FLT_TRY(leaf.key, token(true));
        skip_blanks();
        if (peek() == '=' || peek() == ':') ++at_;
        skip_blanks();
        leaf.line = line_;
        leaf.column = at_ - line_start_ + 1;
        FLT_TRY(leaf.value, token(false));
        skip_line_end();
        return leaf;
    }

    /// Up to the end of the logical line, or for a key up to its separator.
    Result<std::string> token(bool is_key) {
        std::string out;
        while (!at_line_end()) {
            const char c = text_[at_];
            if (is_key && (c == '=' || c == ':' || c == ' ' || c == '\t' || c == '\f')) break;
            ++at_;
            if (c != '\\') {
                out.push_back(c);
            } else if (at_line_end()) {
                skip_line_end();
                skip_blanks();
            } else {
                FLT_CHECK(escape(out));
            }
        }
        return out;
    }

    Result<void> escape(std::string& out) {
        const char c = text_[at_++];
        switch (c) {
            case 't':
                out.push_back('\t');
                return {};
            case 'n':
                out.push_back('\n');
                return {};
            case 'r':
                out.push_back('\r');
                return {};
            case 'f':
                out.push_back('\f');
                return {};
            case 'u':
                break;
            default:
                out.push_back(c);
                return {};
        }
        std::uint32_t point = 0;
        if (!hex4(point))
            return fail(Errc::malformed, fmt::format("line {}: malformed \\uxxxx escape", line_));
        std::uint32_t low = 0;
        if (point >= 0xD800 && point < 0xDC00 && text_.substr(at_, 2) == "\\u") {
            at_ += 2;
            if (!hex4(low))
                return fail(Errc::malformed, fmt::format("line {}: malformed \\uxxxx escape", line_));
            point =
                low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
        }
        detail::append_utf8(out, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
        return {};
    }

    bool hex4(std::uint32_t& out) {
        const std::string_view digits = text_.substr(at_, 4);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
        if (digits.size() != 4 || end != digits.data() + 4 || error != std::errc{}) return false;
        at_ += 4;
        return true;
    }

    std::string_view text_;
    const Limits& limits_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t line_start_ = 0;
};

}  // namespace

Result<std::vector<std::vector<Leaf>>> properties_leaves(std::string_view text, const Limits& limits) {
    if (text.size() > limits.bytes) {
        return fail(
            Errc::limit_exceeded,
            fmt::format("the text has {} bytes, {} are allowed", text.size(), limits.bytes)
        );
    }
    if (!is_valid_utf8(text)) return fail(Errc::malformed, "the text is not valid UTF-8");
    return PropertiesParser(text, limits).parse();
}

}  // namespace flotilla::reflect
