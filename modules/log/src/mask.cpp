#include "mask.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "flotilla/base/text.hpp"

namespace flotilla::log::detail {

namespace {

constexpr std::array<std::string_view, 8> secret_endings{
    "password", "passwd", "secret", "token", "authorization", "apikey", "api-key", "api_key"
};

bool is_key_char(char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_' || c == '-' || c == '.';
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

bool ends_value(char c) {
    return is_blank(c) || c == '\n' || c == '\r' || c == '&' || c == ',' || c == ';' || c == ')' ||
           c == '}' || c == ']' || c == '"' || c == '\'';
}

/// A stretch of the text to be hidden.
struct Range {
    std::size_t begin;
    std::size_t end;
};

/// `\"` inside a quoted JSON text counts as a quote: the separator's surroundings may be escaped once.
std::size_t skip_quote(std::string_view text, std::size_t at) {
    std::size_t quote = at;
    while (quote < text.size() && text[quote] == '\\') ++quote;
    return quote < text.size() && (text[quote] == '"' || text[quote] == '\'') ? quote + 1 : at;
}

std::size_t end_of_quoted(std::string_view text, std::size_t begin, bool escaped, char quote) {
    for (std::size_t at = begin; at < text.size(); ++at) {
        if (text[at] == quote) return at;
        if (text[at] != '\\') continue;
        if (escaped && at + 1 < text.size() && text[at + 1] == quote) return at;
        ++at;
    }
    return text.size();
}

/// The value whose separator (`=` or `:`) stands at `separator`, when the key before it is a secret's.
std::optional<Range> secret_value(std::string_view text, std::size_t separator) {
    std::size_t key_end = separator;
    while (key_end > 0 && is_blank(text[key_end - 1])) --key_end;
    if (key_end > 0 && (text[key_end - 1] == '"' || text[key_end - 1] == '\'')) {
        --key_end;
        while (key_end > 0 && text[key_end - 1] == '\\') --key_end;
    }
    std::size_t key_begin = key_end;
    while (key_begin > 0 && is_key_char(text[key_begin - 1])) --key_begin;
    const std::string_view key = text.substr(key_begin, key_end - key_begin);
    if (!is_secret_key(key)) return std::nullopt;

    std::size_t begin = separator + 1;
    while (begin < text.size() && is_blank(text[begin])) ++begin;
    const std::size_t unquoted = skip_quote(text, begin);
    const bool is_authorization = key.size() >= 13 && iequals(key.substr(key.size() - 13), "authorization");
    std::size_t end = unquoted;
    if (unquoted != begin) {
        end = end_of_quoted(text, unquoted, text[begin] == '\\', text[unquoted - 1]);
    } else if (is_authorization) {
        // Credentials of any scheme (Digest has several words) last until the end of the line,
        // or of the quotes around the whole header, as on a command line of curl.
        const bool quoted_header =
            key_begin > 0 && (text[key_begin - 1] == '"' || text[key_begin - 1] == '\'');
        const std::size_t line_end = std::min(text.find_first_of("\r\n", begin), text.size());
        end = quoted_header ? std::min(text.find(text[key_begin - 1], begin), line_end) : line_end;
    } else {
        while (end < text.size() && !ends_value(text[end])) ++end;
    }
    begin = unquoted;
    if (is_authorization) {
        // The scheme may stay: it is no secret and helps the reader.
        for (const std::string_view scheme : {"Bearer ", "Basic ", "Digest "}) {
            if (!istarts_with(text.substr(begin, end - begin), scheme)) continue;
            begin += scheme.size();
            if (scheme != "Digest ") {
                if (const auto blank = text.substr(begin, end - begin).find(' '); blank != text.npos)
                    end = begin + blank;
            }
            break;
        }
    }
    if (begin >= end) return std::nullopt;
    return Range{begin, end};
}

void mask_keys(std::string_view text, std::string& out, bool& changed) {
    std::size_t copied = 0;
    for (std::size_t at = text.find_first_of("=:"); at != text.npos; at = text.find_first_of("=:", at + 1)) {
        if (at < copied) continue;
        const auto value = secret_value(text, at);
        if (!value || value->begin < copied) continue;
        out.append(text, copied, value->begin - copied).append(masked);
        copied = value->end;
        changed = true;
    }
    if (changed) out.append(text, copied);
}

}  // namespace

bool is_secret_key(std::string_view key) noexcept {
    return std::ranges::any_of(secret_endings, [&](std::string_view ending) {
        return key.size() >= ending.size() && iequals(key.substr(key.size() - ending.size()), ending);
    });
}

std::string_view mask(std::string_view text, const std::vector<std::string>& secrets, std::string& scratch) {
    bool changed = false;
    scratch.clear();
    mask_keys(text, scratch, changed);
    std::string_view result = changed ? std::string_view(scratch) : text;
    for (const std::string& secret : secrets) {
        if (result.find(secret) == result.npos) continue;
        scratch = replace_all(std::string(result), secret, masked);
        result = scratch;
    }
    return result;
}

}  // namespace flotilla::log::detail
