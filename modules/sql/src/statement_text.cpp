#include "statement_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::sql {

namespace {

bool is_word_character(char c) noexcept {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

std::size_t end_after(std::string_view text, std::string_view mark, std::size_t from) noexcept {
    const std::size_t found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
}

}  // namespace

std::size_t piece_end(std::string_view text, std::size_t at) noexcept {
    const char c = text[at];
    // A doubled quote ends one text and begins another, which comes to the same.
    if (c == '\'' || c == '"' || c == '`') return end_after(text, text.substr(at, 1), at + 1);
    if (text.substr(at, 2) == "--") return end_after(text, "\n", at);
    if (text.substr(at, 2) == "/*") return end_after(text, "*/", at + 2);
    std::size_t end = at + 1;
    if (is_word_character(c))
        while (end < text.size() && is_word_character(text[end])) ++end;
    return end;
}

bool is_word(std::string_view piece) noexcept {
    return !piece.empty() && is_word_character(piece.front());
}

bool is_comment(std::string_view piece) noexcept {
    return piece.starts_with("--") || piece.starts_with("/*");
}

std::string first_word(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = piece_end(text, at);
        const std::string_view piece = text.substr(at, end - at);
        if (is_word(piece)) return to_lower(piece);
        at = end;
    }
    return {};
}

bool only_reads(std::string_view text) {
    const std::string word = first_word(text);
    return word == "select" || word == "values" || word == "explain";
}

std::vector<std::string_view> split_statements(std::string_view script) {
    std::vector<std::string_view> statements;
    std::size_t begin = 0;
    bool any = false;
    const auto cut = [&](std::size_t end) {
        if (any) statements.push_back(trim(script.substr(begin, end - begin)));
        any = false;
    };
    for (std::size_t at = 0; at < script.size();) {
        const std::size_t end = piece_end(script, at);
        const std::string_view piece = script.substr(at, end - at);
        if (piece == ";") {
            cut(at);
            begin = end;
        } else if (!is_comment(piece) && !trim(piece).empty()) {
            any = true;
        }
        at = end;
    }
    cut(script.size());
    return statements;
}

Result<void> check_values(const Statement& statement) {
    for (std::size_t i = 0; i < statement.values.size(); ++i) {
        const auto* text = std::get_if<std::string>(&statement.values[i]);
        if (text && !is_valid_utf8(*text))
            return fail(SqlErrc::invalid_value, fmt::format("value {} is no UTF-8 text", i + 1));
        const auto* number = std::get_if<double>(&statement.values[i]);
        if (number && !std::isfinite(*number))
            return fail(SqlErrc::invalid_value, fmt::format("value {} is no finite number", i + 1));
    }
    return {};
}

std::size_t size_of(const Value& value) noexcept {
    if (const auto* text = std::get_if<std::string>(&value)) return sizeof(Value) + text->size();
    if (const auto* blob = std::get_if<Blob>(&value)) return sizeof(Value) + blob->bytes.size();
    return sizeof(Value);
}

}  // namespace flotilla::sql
