#include "flotilla/reflect/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <unordered_map>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::reflect {

namespace {

using detail::Subject;

/// As Java counts: a character outside the basic plane is two.
std::int64_t utf16_length(std::string_view text) {
    std::int64_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

bool is_blank(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

/// Hibernate's idea of an address: atoms with single dots, an @, a host of labels or a bracketed literal.
bool is_email(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > 64) return false;
    std::string_view local = text.substr(0, at);
    std::string_view host = text.substr(at + 1);
    if (host.empty() || host.size() > 255) return false;

    const auto atom = [](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
               std::string_view("!#$%&'*+/=?^_`{|}~-").find(c) != std::string_view::npos;
    };
    if (local.size() > 1 && local.front() == '"' && local.back() == '"') {
        local = local.substr(1, local.size() - 2);
        if (local.find('"') != std::string_view::npos) return false;
    } else {
        for (const std::string_view part : split(local, '.')) {
            if (part.empty() || !std::ranges::all_of(part, atom)) return false;
        }
    }
    if (host.front() == '[') return host.size() > 2 && host.back() == ']';
    return std::ranges::all_of(split(host, '.'), [](std::string_view label) {
        return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
               std::ranges::all_of(label, [](char c) {
                   return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' ||
                          static_cast<unsigned char>(c) >= 0x80;
               });
    });
}

/// Compiled once per thread. The library's backtracking matcher uses the stack in proportion to the text, so
/// long texts are refused before it sees them.
bool matches(std::string_view pattern, std::string_view text) {
    constexpr std::size_t longest = 2048;
    if (text.size() > longest) return false;
    static thread_local std::unordered_map<std::string_view, std::regex> compiled;
    auto found = compiled.find(pattern);
    if (found == compiled.end())
        found = compiled.emplace(pattern, std::regex(pattern.begin(), pattern.end())).first;
    return std::regex_match(text.begin(), text.end(), found->second);
}

std::string bound_text(const Rule& rule) {
    if (rule.unit == RuleUnit::duration) return format_duration(Duration(rule.integer));
    if (rule.unit == RuleUnit::bytes) return format_bytes(Bytes{static_cast<std::uint64_t>(rule.integer)});
    return rule.integral ? fmt::format("{}", rule.integer) : fmt::format("{}", rule.number);
}

Json bound_value(const Rule& rule) {
    if (rule.unit != RuleUnit::none) return Json(bound_text(rule));
    return rule.integral ? Json(rule.integer) : Json(rule.number);
}

/// -1, 0, 1 as the subject is below, at or above the bound; nothing when it has no order (NaN, text).
std::optional<int> compare(const Subject& subject, const Rule& rule) {
    const auto order = [](auto a, auto b) -> std::optional<int> {
        if (a < b) return -1;
        if (a > b) return 1;
        return a == b ? std::optional(0) : std::nullopt;
    };
    if (subject.kind == Subject::Kind::integer && rule.integral) return order(subject.integer, rule.integer);
    const double bound = rule.integral ? static_cast<double>(rule.integer) : rule.number;
    if (subject.kind == Subject::Kind::integer) return order(static_cast<double>(subject.integer), bound);
    if (subject.kind == Subject::Kind::number) return order(subject.number, bound);
    return std::nullopt;
}

Violation broken(std::string code, std::string message, std::vector<Json> arguments = {}) {
    return {
        .field = {},
        .code = std::move(code),
        .message = std::move(message),
        .rejected = {},
        .arguments = std::move(arguments)
    };
}

std::int64_t size_of(const Subject& subject) {
    return subject.kind == Subject::Kind::text ? utf16_length(subject.text) : subject.integer;
}

}  // namespace

bool detail::holds(const Rule& rule, const Subject& subject) {
    switch (rule.kind) {
        case RuleKind::not_null:
            return subject.present;
        case RuleKind::not_empty:
            return subject.present && size_of(subject) > 0;
        case RuleKind::not_blank:
            return subject.present && !is_blank(subject.text);
        case RuleKind::check:
            return rule.predicate(subject.field);
        default:
            break;
    }
    if (!subject.present) return true;  // as in Bean Validation: whether it must be there is another rule
    static constexpr Rule zero{};
    switch (rule.kind) {
        case RuleKind::size: {
            const std::int64_t size = size_of(subject);
            return size >= rule.integer && size <= rule.upper;
        }
        case RuleKind::pattern:
            return matches(rule.text, subject.text);
        case RuleKind::email:
            return subject.text.empty() || is_email(subject.text);
        case RuleKind::min:
            return compare(subject, rule) >= 0;
        case RuleKind::max: {
            const std::optional<int> order = compare(subject, rule);
            return order && *order <= 0;
        }
        case RuleKind::positive:
            return compare(subject, zero) > 0;
        default:
            return compare(subject, zero) >= 0;
    }
}

Violation detail::violation_of(const Rule& rule) {
    switch (rule.kind) {
        case RuleKind::not_null:
            return broken("NotNull", "must not be null");
        case RuleKind::not_empty:
            return broken("NotEmpty", "must not be empty");
        case RuleKind::not_blank:
            return broken("NotBlank", "must not be blank");
        case RuleKind::check:
            return broken("Check", std::string(rule.text));
        case RuleKind::size:
            return broken(
                "Size",
                fmt::format("size must be between {} and {}", rule.integer, rule.upper),
                {rule.upper, rule.integer}
            );
        case RuleKind::pattern:
            return broken("Pattern", fmt::format("must match \"{}\"", rule.text), {rule.text});
        case RuleKind::email:
            return broken("Email", "must be a well-formed email address");
        case RuleKind::min:
            return broken(
                rule.integral ? "Min" : "DecimalMin",
                "must be greater than or equal to " + bound_text(rule),
                {bound_value(rule)}
            );
        case RuleKind::max:
            return broken(
                rule.integral ? "Max" : "DecimalMax",
                "must be less than or equal to " + bound_text(rule),
                {bound_value(rule)}
            );
        case RuleKind::positive:
            return broken("Positive", "must be greater than 0");
        default:
            return broken("PositiveOrZero", "must be greater than or equal to 0");
    }
}

std::string detail::Path::text() const {
    if (!parent) return std::string(name);
    std::string out = parent->text();
    if (name.empty()) return out + fmt::format("[{}]", index);
    if (!out.empty()) out += '.';
    return out.append(name);
}

std::string describe_violations(const std::vector<Violation>& violations) {
    std::string out;
    for (const Violation& violation : violations) {
        if (!out.empty()) out += "; ";
        out += violation.field + " " + violation.message;
    }
    return out;
}

}  // namespace flotilla::reflect
