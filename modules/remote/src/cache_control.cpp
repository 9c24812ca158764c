#include "flotilla/remote/cache_control.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::remote {

namespace {

using Seconds = std::chrono::seconds;

/// RFC 9111, 1.2.2: more than this is the same as for ever.
constexpr std::int64_t longest = std::int64_t{1} << 31;

std::optional<Seconds> parse_seconds(std::string_view text) {
    if (text.empty() || !std::ranges::all_of(text, is_ascii_digit)) return std::nullopt;
    const auto value = parse_integer<std::int64_t>(text);
    return Seconds(std::min(value.value_or(longest), longest));
}

void lower(std::optional<Seconds>& into, std::string_view text) {
    const Seconds value = parse_seconds(text).value_or(Seconds(0));
    into = into ? std::min(*into, value) : value;
}

/// Takes the next directive off the front: `name`, `name=token` or `name="quoted, text"`.
bool take_directive(std::string_view& rest, std::string_view& name, std::string_view& value) {
    while (!rest.empty() && (rest.front() == ',' || rest.front() == ' ' || rest.front() == '\t'))
        rest.remove_prefix(1);
    if (rest.empty()) return false;
    const std::size_t end = std::min(rest.find_first_of(",="), rest.size());
    name = trim(rest.substr(0, end));
    value = {};
    const bool has_value = end < rest.size() && rest[end] == '=';
    rest.remove_prefix(end + (has_value ? 1 : 0));
    if (!has_value) return true;
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (rest.starts_with('"')) {
        const std::size_t close = std::min(rest.find('"', 1), rest.size());
        value = rest.substr(1, close - 1);
        rest.remove_prefix(std::min(rest.size(), rest.find(',', close)));
    } else {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        value = trim(rest.substr(0, comma));
        rest.remove_prefix(comma);
    }
    return true;
}

}  // namespace

void CacheControl::add(std::string_view text) {
    std::string_view name;
    std::string_view value;
    while (take_directive(text, name, value)) {
        if (iequals(name, "no-store")) {
            no_store = true;
        } else if (iequals(name, "no-cache")) {
            no_cache = true;  // with a list of fields it could be less; this is always right
        } else if (iequals(name, "private")) {
            is_private = true;
        } else if (iequals(name, "public")) {
            is_public = true;
        } else if (iequals(name, "must-revalidate")) {
            must_revalidate = true;
        } else if (iequals(name, "proxy-revalidate")) {
            proxy_revalidate = true;
        } else if (iequals(name, "immutable")) {
            immutable = true;
        } else if (iequals(name, "only-if-cached")) {
            only_if_cached = true;
        } else if (iequals(name, "max-age")) {
            lower(max_age, value);
        } else if (iequals(name, "s-maxage")) {
            lower(s_maxage, value);
        } else if (iequals(name, "min-fresh")) {
            min_fresh =
                std::max(min_fresh.value_or(Seconds(0)), parse_seconds(value).value_or(Seconds(longest)));
        } else if (iequals(name, "max-stale")) {
            if (value.empty())
                max_stale_any = true;
            else
                lower(max_stale, value);
        } else if (iequals(name, "stale-while-revalidate")) {
            lower(stale_while_revalidate, value);
        } else if (iequals(name, "stale-if-error")) {
            lower(stale_if_error, value);
        }
    }
}

CacheControl CacheControl::of(const http::Fields& fields) {
    CacheControl control;
    bool there = false;
    for (const auto& field : fields) {
        if (!iequals(field.name, "Cache-Control")) continue;
        there = true;
        control.add(field.value);
    }
    if (!there && icontains(fields.get("Pragma"), "no-cache")) control.no_cache = true;
    return control;
}

}  // namespace flotilla::remote
