#include "placeholders.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::config::detail {

namespace {

/// The brace that closes the placeholder whose body begins at `from`.
std::size_t closing_brace(std::string_view text, std::size_t from) {
    int depth = 1;
    for (std::size_t i = from; i < text.size(); ++i) {
        if (text[i] == '{' && i > 0 && text[i - 1] == '$') ++depth;
        if (text[i] == '}' && --depth == 0) return i;
    }
    return std::string_view::npos;
}

/// The colon before the default: not one inside a nested placeholder.
std::size_t default_colon(std::string_view body) {
    int depth = 0;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '{' && i > 0 && body[i - 1] == '$') ++depth;
        if (body[i] == '}' && depth > 0) --depth;
        if (body[i] == ':' && depth == 0) return i;
    }
    return std::string_view::npos;
}

}  // namespace

Result<std::string> PlaceholderResolver::resolve(std::string_view text) {
    std::string out;
    while (true) {
        const std::size_t start = text.find("${");
        if (start == std::string_view::npos) {
            out += text;
            return out;
        }
        if (start > 0 && text[start - 1] == '\\') {
            out.append(text.substr(0, start - 1)).append("${");
            text.remove_prefix(start + 2);
            continue;
        }
        out += text.substr(0, start);
        const std::size_t end = closing_brace(text, start + 2);
        if (end == std::string_view::npos) {
            out += text.substr(start);  // as in Spring: what does not close is text
            return out;
        }
        FLT_TRY(const std::string value, placeholder(text.substr(start + 2, end - start - 2), text));
        out += value;
        if (out.size() > longest) return fail(Errc::limit_exceeded, "placeholders unfold to more than 1 MB");
        text.remove_prefix(end + 1);
    }
}

Result<std::string> PlaceholderResolver::placeholder(std::string_view body, std::string_view whole) {
    if (open_.size() >= 64) return fail(Errc::limit_exceeded, "placeholders nested deeper than 64");
    const std::size_t colon = default_colon(body);
    const auto value_of = [&](const std::string& name) -> Result<std::optional<std::string>> {
        if (std::ranges::find(open_, name) != open_.end()) {
            return fail(Errc::invalid_argument, fmt::format("circular placeholder '{}'", name));
        }
        auto value = lookup_(name);
        if (!value) return std::nullopt;
        open_.push_back(name);
        auto resolved = resolve(*value);
        open_.pop_back();
        if (!resolved) return fail(std::move(resolved).error());
        return *std::move(resolved);
    };
    // A name may itself have a colon in it: the whole body is tried first.
    FLT_TRY(const std::string whole_name, resolve(body));
    FLT_TRY(auto value, value_of(whole_name));
    if (value) return *std::move(value);
    if (colon != std::string_view::npos) {
        FLT_TRY(const std::string name, resolve(body.substr(0, colon)));
        FLT_TRY(value, value_of(name));
        if (value) return *std::move(value);
        return resolve(body.substr(colon + 1));
    }
    return fail(
        Errc::not_found,
        fmt::format("could not resolve placeholder '{}' in value \"{}\"", whole_name, utf8_prefix(whole, 200))
    );
}

}  // namespace flotilla::config::detail
