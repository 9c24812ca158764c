#include "flotilla/config/masking.hpp"

#include "flotilla/base/text.hpp"

namespace flotilla::config {

bool is_sensitive(std::string_view name) {
    std::string letters;
    letters.reserve(name.size());
    std::string_view rest = name;
    // An index at the end does not make `keys[0]` less of a secret.
    while (rest.ends_with(']') && rest.rfind('[') != std::string_view::npos)
        rest = rest.substr(0, rest.rfind('['));
    for (const char c : rest) {
        if (c != '-' && c != '_' && c != '.') letters.push_back(ascii_lower(c));
    }
    for (const std::string_view word :
         {"password", "secret", "token", "credentials", "vcapservices", "sunjavacommand"}) {
        if (letters.find(word) != std::string::npos) return true;
    }
    return letters.ends_with("key");
}

namespace {

bool is_scheme_character(char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '+' || c == '.' || c == '-';
}

/// One URI, or a text with none. From the first colon to the last @: rather too much than too little, since
/// passwords hold all kinds of characters.
void append_masked(std::string& out, std::string_view uri) {
    const std::size_t scheme = uri.find("://");
    const std::size_t at = uri.rfind('@');
    const std::size_t colon = scheme == std::string_view::npos ? scheme : uri.find(':', scheme + 3);
    if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) {
        out.append(uri);
    } else {
        out.append(uri.substr(0, colon + 1)).append(masked_value).append(uri.substr(at));
    }
}

}  // namespace

std::string mask_user_info(std::string_view text) {
    std::string out;
    std::size_t begin = 0;
    for (std::size_t next = text.find("://"); next != std::string_view::npos;
         next = text.find("://", next + 3)) {
        std::size_t start = next;
        while (start > begin && is_scheme_character(text[start - 1])) --start;
        // A URI of its own only behind a separator: otherwise it is part of the one before.
        if (start > begin && (text[start - 1] == ',' || text[start - 1] == ' ' || text[start - 1] == ';')) {
            append_masked(out, text.substr(begin, start - begin));
            begin = start;
        }
    }
    append_masked(out, text.substr(begin));
    return out;
}

Json shown_value(std::string_view name, const Json& value, bool encrypted) {
    if (encrypted || is_sensitive(name)) return Json(masked_value);
    if (const std::string* text = value.as_string()) return Json(mask_user_info(*text));
    return value;
}

}  // namespace flotilla::config
