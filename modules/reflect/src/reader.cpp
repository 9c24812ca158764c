#include "flotilla/reflect/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "flotilla/base/text.hpp"
#include "flotilla/reflect/print.hpp"
#include "flotilla/reflect/read.hpp"
#include "tape_builder.hpp"
#include "yaml_scalar.hpp"

namespace flotilla::reflect {

namespace {

/// A double without its fraction, where an integer is wanted: inside these bounds the cast is defined.
std::optional<std::int64_t> truncated(double value) {
    if (!(value > -0x1p63 && value < 0x1p63)) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

/// The number in a text; for plain text in YAML's own notation.
Json number_in(const Node& node) {
    const std::string_view text = trim(node.text());
    if (node.tag() == 'p') return detail::yaml_scalar(text);
    if (const auto value = parse_integer<std::int64_t>(text)) return Json(*value);
    if (const auto value = parse_integer<std::uint64_t>(text)) return Json(*value);
    if (const auto value = parse_double(text)) return Json(*value);
    return Json(text);
}

std::string shown(std::string_view text) {
    return fmt::format("'{}'{}", text.substr(0, 60), text.size() > 60 ? "..." : "");
}

}  // namespace

std::string_view kind_name(const Node& node) noexcept {
    switch (node.tag()) {
        case '{':
            return "object";
        case '[':
            return "array";
        case '"':
        case 'p':
            return "string";
        case 'l':
        case 'u':
            return "integer";
        case 'd':
            return "number";
        case 't':
        case 'f':
            return "boolean";
        default:
            return "null";
    }
}

std::string uniform_name(std::string_view name) {
    std::string out;
    out.reserve(name.size());
    for (const char c : name) {
        if (c != '-' && c != '_') out.push_back(ascii_lower(c));
    }
    return out;
}

std::string ReadError::pointer() const {
    std::string out;
    for (const Step& step : path) {
        out.push_back('/');
        if (const auto* index = std::get_if<std::size_t>(&step)) {
            print::integer(out, *index);
        } else {
            out += replace_all(replace_all(std::get<std::string>(step), "~", "~0"), "/", "~1");
        }
    }
    return out;
}

std::string ReadError::dotted() const {
    std::string out;
    for (const Step& step : path) {
        if (const auto* index = std::get_if<std::size_t>(&step)) {
            out += fmt::format("[{}]", *index);
        } else {
            if (!out.empty()) out.push_back('.');
            out += std::get<std::string>(step);
        }
    }
    return out;
}

bool Reader::fail_expected(std::string_view expected, const Node& node) {
    const bool may_convert = node.tag() == 'p' || (node.tag() == '"' && leniency_.coerce_scalars);
    // A text that could have been converted is shown; where a string was wrong as such, its kind says enough.
    if (may_convert && (node.tag() == 'p' || leniency_.text_lists)) {
        return fail_with(fmt::format("expected {}, got {}", expected, shown(node.text())));
    }
    return fail_with(fmt::format("expected {}, got {}", expected, kind_name(node)));
}

bool Reader::fail_with(std::string what) {
    failure_.path.clear();
    failure_.what = std::move(what);
    return false;
}

bool Reader::in_member(std::string_view name) {
    failure_.path.emplace_back(std::string(name));
    return false;
}

bool Reader::in_element(std::size_t index) {
    failure_.path.emplace_back(index);
    return false;
}

ReadError Reader::error() const {
    ReadError error = failure_;
    std::ranges::reverse(error.path);
    return error;
}

Error Reader::pointer_error() const {
    const ReadError found = error();
    const std::string pointer = found.pointer();
    return {
        Errc::invalid_argument, pointer.empty() ? found.what : fmt::format("{}: {}", pointer, found.what)
    };
}

bool Reader::boolean(const Node& node, bool& out) {
    if (node.tag() == 't' || node.tag() == 'f') {
        out = node.tag() == 't';
        return true;
    }
    if (node.tag() == 'p' || (leniency_.coerce_scalars && node.is_text())) {
        const std::string_view text = trim(node.text());
        for (const char* yes : {"true", "on", "yes", "1"}) {
            if (iequals(text, yes)) return out = true, true;
        }
        for (const char* no : {"false", "off", "no", "0"}) {
            if (iequals(text, no)) return out = false, true;
        }
    } else if (leniency_.coerce_scalars && node.tag() == 'l') {
        out = node.int64() != 0;
        return true;
    }
    return fail_expected("boolean", node);
}

bool Reader::other_signed(const Node& node, std::int64_t low, std::int64_t high, std::int64_t& out) {
    const auto out_of_range = [&](std::string_view value) {
        return fail_with(fmt::format("expected integer between {} and {}, got {}", low, high, value));
    };
    const auto take = [&](const Json& value) -> bool {
        std::optional<std::int64_t> integer = value.as_int64();
        if (!integer && value.kind() == JsonKind::number) integer = truncated(*value.as_double());
        if (!integer || *integer < low || *integer > high) return out_of_range(value.text());
        out = *integer;
        return true;
    };
    if (node.tag() == 'l') return take(node.int64());
    if (node.tag() == 'u') return take(node.uint64());
    if (node.tag() == 'd' && leniency_.coerce_scalars) return take(node.number());
    if (node.tag() == 'p' || (node.tag() == '"' && leniency_.coerce_scalars)) {
        if (const Json value = number_in(node); value.is_number()) {
            // A text is not cut: "2.7" for an integer is a mistake, the number 2.7 is JavaScript.
            if (value.is_integer()) return take(value);
        }
    }
    return fail_expected("integer", node);
}

bool Reader::other_unsigned(const Node& node, std::uint64_t high, std::uint64_t& out) {
    const auto take = [&](const Json& value) -> bool {
        std::optional<std::uint64_t> integer = value.as_uint64();
        if (!integer && value.kind() == JsonKind::number) {
            const double number = std::trunc(*value.as_double());
            if (number >= 0 && number < 0x1p64) integer = static_cast<std::uint64_t>(number);
        }
        if (!integer || *integer > high) {
            return fail_with(fmt::format("expected integer between 0 and {}, got {}", high, value.text()));
        }
        out = *integer;
        return true;
    };
    if (node.tag() == 'l') return take(node.int64());
    if (node.tag() == 'u') return take(node.uint64());
    if (node.tag() == 'd' && leniency_.coerce_scalars) return take(node.number());
    if (node.tag() == 'p' || (node.tag() == '"' && leniency_.coerce_scalars)) {
        if (const Json value = number_in(node); value.is_integer()) return take(value);
    }
    return fail_expected("integer", node);
}

bool Reader::other_number(const Node& node, double& out) {
    if (node.tag() == 'l' || node.tag() == 'u') {
        out = node.tag() == 'l' ? static_cast<double>(node.int64()) : static_cast<double>(node.uint64());
        return true;
    }
    if (node.tag() == 'p' || (node.tag() == '"' && leniency_.coerce_scalars)) {
        const Json value = number_in(node);
        if (const auto number = value.as_double(); number && std::isfinite(*number)) {
            out = *number;
            return true;
        }
    }
    return fail_expected("number", node);
}

bool Reader::other_string(const Node& node, std::string& out) {
    if (!leniency_.coerce_scalars) return fail_expected("string", node);
    out.clear();
    switch (node.tag()) {
        case 'l':
            print::integer(out, node.int64());
            return true;
        case 'u':
            print::integer(out, node.uint64());
            return true;
        case 'd':
            print::number(out, node.number());
            return true;
        case 't':
            out = "true";
            return true;
        case 'f':
            out = "false";
            return true;
        default:
            return fail_expected("string", node);
    }
}

bool Reader::duration(const Node& node, Duration unit, Duration& out) {
    const bool is_integer = node.tag() == 'l';
    if (!is_integer && !node.is_text()) return fail_expected("duration", node);
    const std::string text = is_integer ? std::to_string(node.int64()) : std::string(trim(node.text()));
    const auto parsed = parse_duration(text, unit);
    if (!parsed)
        return fail_with(fmt::format("expected duration like 250ms, 30s or PT1H, got {}", shown(text)));
    out = *parsed;
    return true;
}

bool Reader::time(const Node& node, WallTime& out) {
    if (!node.is_text()) return fail_expected("time", node);
    const auto parsed = parse_iso_time(trim(node.text()));
    if (!parsed)
        return fail_with(fmt::format("expected time like 2026-03-09T15:00:00Z, got {}", shown(node.text())));
    out = *parsed;
    return true;
}

bool Reader::bytes(const Node& node, Bytes& out) {
    if (node.tag() == 'l' && node.int64() >= 0) {
        out = Bytes{node.uint64()};
        return true;
    }
    if (!node.is_text()) return fail_expected("size", node);
    const auto parsed = parse_bytes(trim(node.text()));
    if (!parsed)
        return fail_with(fmt::format("expected size like 512KB or 10MB, got {}", shown(node.text())));
    out = *parsed;
    return true;
}

bool Reader::enumerator(const Node& node, std::span<const detail::EnumText> texts, std::int64_t& out) {
    if (!node.is_text()) return fail_expected("string", node);
    const std::string_view text = node.text();
    for (const auto& candidate : texts) {
        if (text == candidate.outside) return out = candidate.value, true;
    }
    const std::string uniform = uniform_name(trim(text));
    for (const auto& candidate : texts) {
        if (uniform == uniform_name(candidate.outside) || uniform == uniform_name(candidate.name)) {
            return out = candidate.value, true;
        }
    }
    std::string known;
    for (const auto& candidate : texts) {
        if (!known.empty()) known += ", ";
        known += candidate.outside;
    }
    return fail_with(fmt::format("expected one of {}, got {}", known, shown(text)));
}

bool Reader::object(const Node& node, std::span<const detail::MemberReader> members, void* object) {
    if (node.tag() != '{') return fail_expected("object", node);
    // Members mostly come in the order of the struct: each search begins after the one found before.
    std::size_t expected = 0;
    for (Node key = node.first(); !key.at_end();) {
        const Node value = key.next();
        const std::string_view name = key.text();
        const detail::MemberReader* found = nullptr;
        for (std::size_t i = 0, at = expected; i < members.size(); ++i, ++at) {
            if (at >= members.size()) at -= members.size();
            if (members[at].outside == name) {
                found = &members[at];
                expected = at + 1;
                break;
            }
        }
        if (found == nullptr && leniency_.relaxed_names) {
            const std::string uniform = uniform_name(name);
            for (const auto& member : members) {
                if (uniform == uniform_name(member.outside) || uniform == uniform_name(member.name))
                    found = &member;
            }
        }
        if (found != nullptr) {
            if (!found->read(*this, value, object)) return in_member(name);
        } else if (!leniency_.ignore_unknown) {
            return unknown_member(name, members);
        }
        key = value.next();
    }
    return true;
}

bool Reader::unknown_member(std::string_view key, std::span<const detail::MemberReader> members) {
    std::vector<std::string> known;
    for (const auto& member : members) {
        known.push_back(leniency_.relaxed_names ? to_kebab(member.outside) : std::string(member.outside));
    }
    const auto nearest = nearest_word(leniency_.relaxed_names ? to_kebab(key) : std::string(key), known);
    fail_with(nearest ? fmt::format("unknown name, did you mean '{}'?", *nearest) : "unknown name");
    return in_member(key);
}

std::optional<std::vector<std::string_view>> Reader::list_in_text(const Node& node) const {
    if (!leniency_.text_lists || !node.is_text()) return std::nullopt;
    return split_list(node.text());
}

bool detail::with_text_node(char tag, std::string_view text, void* context, bool (*use)(const Node&, void*)) {
    TapeBuilder builder;
    tag == 'p' ? builder.plain(text) : builder.string(text);
    const Document document = std::move(builder).finish();
    return use(document.root(), context);
}

std::string detail::wrong_count(std::size_t expected, std::size_t got) {
    return fmt::format("expected {} elements, got {}", expected, got);
}

}  // namespace flotilla::reflect
