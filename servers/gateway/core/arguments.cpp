#include "flotilla/gateway/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/http/status.hpp"

namespace flotilla::gateway {

namespace {

constexpr std::string_view generated = "_genkey_";

/// `#{@name}` as `@name`. Expressions are never evaluated.
Result<std::string> plain_value(const std::string& text) {
    if (!text.starts_with("#{") || !text.ends_with('}')) return text;
    const std::string_view inner = trim(std::string_view(text).substr(2, text.size() - 3));
    const bool is_bean =
        inner.size() > 1 && inner.front() == '@' && std::ranges::all_of(inner.substr(1), [](char c) {
            return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_' || c == '-' || c == '.';
        });
    if (!is_bean)
        return fail(
            Errc::unsupported,
            fmt::format(
                "'{}' is an expression, which is never evaluated; only #{{@name}} is understood", text
            )
        );
    return std::string(inner);
}

bool covers(const std::string& known, const std::string& name) {
    const std::string uniform = config::uniform_name(known);
    if (uniform.ends_with(".*"))
        return name.starts_with(std::string_view(uniform).substr(0, uniform.size() - 1));
    return name == uniform || name.starts_with(uniform + ".");
}

bool is_flag(std::string_view text) {
    return iequals(text, "true") || iequals(text, "false");
}

}  // namespace

Result<Arguments> Arguments::of(const ComponentDefinition& definition, const ArgumentNames& names) {
    Arguments made;
    std::vector<std::string> positional;
    std::vector<std::string> known = names.order;
    known.insert(known.end(), names.more.begin(), names.more.end());
    for (const auto& [name, text] : definition.args) {
        FLT_TRY(std::string value, plain_value(text));
        if (name.starts_with(generated)) {
            positional.push_back(std::move(value));
            continue;
        }
        std::string uniform = config::uniform_name(name);
        if (std::ranges::none_of(known, [&](const std::string& one) { return covers(one, uniform); }))
            return fail(
                Errc::invalid_argument,
                known.empty()
                    ? fmt::format("it takes no arguments, but has '{}'", name)
                    : fmt::format("argument '{}' is unknown; there are: {}", name, join(known, ", "))
            );
        made.values_.push_back({std::move(uniform), name, std::move(value)});
    }
    const auto give = [&made](const std::string& name, std::string value) {
        made.values_.push_back({config::uniform_name(name), name, std::move(value)});
    };
    if (names.shortcut == Shortcut::list_with_tail_flag && positional.size() > 1 &&
        is_flag(positional.back())) {
        give(names.order.at(1), positional.back());
        positional.pop_back();
    }
    if (names.shortcut == Shortcut::positional) {
        if (positional.size() > names.order.size())
            return fail(
                Errc::invalid_argument,
                fmt::format(
                    "{} values where it takes {}{}; a value with a comma is written with name and args",
                    positional.size(),
                    names.order.size(),
                    names.order.empty() ? "" : " (" + join(names.order, ", ") + ")"
                )
            );
        for (std::size_t i = 0; i < positional.size(); ++i) give(names.order[i], std::move(positional[i]));
    } else {
        for (std::size_t i = 0; i < positional.size(); ++i)
            give(fmt::format("{}.{}", names.order.front(), i), std::move(positional[i]));
    }
    const std::size_t demanded = names.shortcut == Shortcut::list_with_tail_flag ? 1 : names.order.size();
    for (std::size_t i = 0; i < demanded; ++i) {
        const std::string& name = names.order[i];
        if (std::ranges::find(names.optional, name) != names.optional.end()) continue;
        if (names.shortcut == Shortcut::positional ? !made.has(name) : made.list(name).empty())
            return fail(Errc::invalid_argument, fmt::format("argument '{}' is missing", name));
    }
    return made;
}

const Arguments::Value* Arguments::find(std::string_view name) const {
    const std::string uniform = config::uniform_name(name);
    const auto found = std::ranges::find(values_, uniform, &Value::name);
    return found == values_.end() ? nullptr : &*found;
}

Error Arguments::wrong(std::string_view name, std::string_view what) const {
    return {Errc::invalid_argument, fmt::format("argument '{}': '{}' {}", name, text(name), what)};
}

std::string Arguments::text(std::string_view name, std::string_view otherwise) const {
    const Value* value = find(name);
    return value ? value->text : std::string(otherwise);
}

std::vector<std::string> Arguments::list(std::string_view name) const {
    std::vector<std::string> texts;
    if (const Value* value = find(name))
        for (const std::string_view part : split_list(value->text)) texts.emplace_back(part);
    for (const auto& [key, value] : below(name)) texts.push_back(value);
    return texts;
}

std::vector<std::pair<std::string, std::string>> Arguments::below(std::string_view prefix) const {
    const std::string uniform = config::uniform_name(prefix) + ".";
    std::vector<std::pair<std::string, std::string>> found;
    for (const Value& value : values_)
        if (value.name.starts_with(uniform))
            found.emplace_back(value.name.substr(uniform.size()), value.text);
    return found;
}

Result<std::int64_t> Arguments::integer(
    std::string_view name, std::int64_t otherwise, std::int64_t least, std::int64_t most
) const {
    const Value* value = find(name);
    if (!value) return otherwise;
    const auto number = parse_integer<std::int64_t>(value->text);
    if (!number) return fail(wrong(name, "is no whole number"));
    if (*number < least || *number > most)
        return fail(wrong(
            name,
            most == std::numeric_limits<std::int64_t>::max()
                ? fmt::format("is below {}", least)
                : fmt::format("is not between {} and {}", least, most)
        ));
    return *number;
}

Result<double> Arguments::number(std::string_view name, double otherwise) const {
    const Value* value = find(name);
    if (!value) return otherwise;
    const auto number = parse_double(value->text);
    if (!number) return fail(wrong(name, "is no number"));
    return *number;
}

Result<bool> Arguments::flag(std::string_view name, bool otherwise) const {
    const Value* value = find(name);
    if (!value || value->text.empty()) return otherwise;
    if (!is_flag(value->text)) return fail(wrong(name, "is neither true nor false"));
    return iequals(value->text, "true");
}

Result<Bytes> Arguments::bytes(std::string_view name, Bytes otherwise) const {
    const Value* value = find(name);
    if (!value) return otherwise;
    auto bytes = parse_bytes(value->text);
    if (!bytes) return fail(wrong(name, "is no size such as 500KB"));
    return bytes;
}

Result<Duration> Arguments::duration(std::string_view name, Duration otherwise) const {
    const Value* value = find(name);
    if (!value || value->text.empty()) return otherwise;
    auto span = parse_duration(value->text);
    if (!span) return fail(wrong(name, "is no duration such as 50ms"));
    return span;
}

Result<TextPattern> Arguments::pattern(std::string_view name) const {
    auto compiled = TextPattern::compile(text(name));
    if (!compiled) return fail(compiled.error().within(fmt::format("argument '{}'", name)));
    return compiled;
}

Result<int> parse_status(std::string_view text) {
    if (const auto number = parse_integer<int>(text)) {
        if (*number >= 100 && *number <= 999) return *number;
        return fail(Errc::invalid_argument, fmt::format("'{}' is no status", text));
    }
    // Spring's names are the reason phrases in capitals, but for a few that RFC 9110 renamed.
    static constexpr std::pair<std::string_view, int> others[] = {
        {"PAYLOAD_TOO_LARGE", 413},
        {"REQUEST_ENTITY_TOO_LARGE", 413},
        {"UNPROCESSABLE_ENTITY", 422},
        {"REQUEST_URI_TOO_LONG", 414},
        {"REQUESTED_RANGE_NOT_SATISFIABLE", 416},
        {"MOVED_TEMPORARILY", 302},
        {"I_AM_A_TEAPOT", 418},
        {"TOO_EARLY", 425},
        {"HTTP_VERSION_NOT_SUPPORTED", 505},
        {"CHECKPOINT", 103},
    };
    const std::string wanted = to_upper(replace_all(std::string(text), "-", "_"));
    for (const auto& [name, code] : others)
        if (name == wanted) return code;
    for (int code = 100; code < 600; ++code) {
        std::string phrase = to_upper(http::reason_phrase(code));
        for (char& c : phrase)
            if (c == ' ' || c == '-') c = '_';
        std::erase(phrase, '\'');
        if (!phrase.empty() && phrase == wanted) return code;
    }
    return fail(Errc::invalid_argument, fmt::format("'{}' is no status", text));
}

}  // namespace flotilla::gateway
