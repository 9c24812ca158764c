#pragma once
/// Checks a value against the rules beside its fields and collects everything that is wrong, messages as in
/// Bean Validation.
///
///     for (const Violation& v : validate(order)) log.info("{}: {}", v.field, v.message);
///     // items[3].qty: must be less than or equal to 100

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "flotilla/base/units.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::reflect {

struct Violation {
    std::string field;            ///< `items[3].qty`
    std::string code;             ///< `Max`: the name of the annotation in Bean Validation
    std::string message;          ///< `must be less than or equal to 100`
    Json rejected;                ///< the value; secrets are masked
    std::vector<Json> arguments;  ///< the bounds of the rule
};

namespace detail {

/// What a rule looks at, whatever the type of the field.
struct Subject {
    enum class Kind { other, text, list, integer, number } kind = Kind::other;
    bool present = true;
    std::string_view text{};
    std::int64_t integer = 0;  ///< value, or number of elements
    double number = 0;
    const void* field = nullptr;
};

/// Whether a value is as a rule wants it: the answer for good values, which costs no more than looking.
bool holds(const Rule& rule, const Subject& subject);

/// What is said when it is not: the violation, but for the field and the rejected value.
Violation violation_of(const Rule& rule);

/// Where in the object the walk is: a chain on the stack, spelled only when there is something to tell.
struct Path {
    const Path* parent = nullptr;
    std::string_view name{};
    std::size_t index = 0;  ///< when there is no name

    /// `items[3].qty`
    [[nodiscard]] std::string text() const;
};

template <class T>
Subject subject_of(const T& value) {
    Subject subject;
    if constexpr (is_optional<T> || is_smart_pointer<T>) {
        if (value) {
            subject = subject_of(*value);
        } else {
            subject.present = false;
        }
    } else if constexpr (std::same_as<T, std::string>) {
        subject = {.kind = Subject::Kind::text, .text = value};
    } else if constexpr (std::same_as<T, Secret>) {
        subject = {.kind = Subject::Kind::text, .text = value.reveal()};
    } else if constexpr (std::same_as<T, bool>) {
        subject.kind = Subject::Kind::other;
    } else if constexpr (std::integral<T>) {
        const bool fits = std::in_range<std::int64_t>(value);
        subject = {
            .kind = Subject::Kind::integer,
            .integer = fits ? static_cast<std::int64_t>(value) : std::numeric_limits<std::int64_t>::max()
        };
    } else if constexpr (std::floating_point<T>) {
        subject = {.kind = Subject::Kind::number, .number = static_cast<double>(value)};
    } else if constexpr (is_duration<T>) {
        subject = {.kind = Subject::Kind::integer, .integer = saturated(value).count()};
    } else if constexpr (std::same_as<T, Bytes>) {
        subject = subject_of(value.count);
    } else if constexpr (MapLike<T> || SequenceLike<T>) {
        subject = {.kind = Subject::Kind::list, .integer = static_cast<std::int64_t>(value.size())};
    }
    subject.field = &value;
    return subject;
}

/// Whether a rule holds, as far as a look tells: mostly it does. What this does not see `holds` decides.
template <class T>
[[gnu::always_inline]] inline bool plainly_holds(const Rule& rule, const T& value) {
    const RuleKind kind = rule.kind;
    if constexpr (is_optional<T> || is_smart_pointer<T>) {
        if (value) return kind != RuleKind::check && plainly_holds(rule, *value);
        return kind >= RuleKind::size && kind != RuleKind::check;
    } else if constexpr (std::same_as<T, std::string>) {
        const auto bytes = static_cast<std::int64_t>(value.size());
        if (kind == RuleKind::not_empty) return bytes > 0;
        if (kind == RuleKind::not_blank) return bytes > 0 && static_cast<unsigned char>(value.front()) > ' ';
        // There are never more characters, as Java counts them, than bytes.
        return kind == RuleKind::size && bytes <= rule.upper && rule.integer <= 0;
    } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
        if (kind == RuleKind::positive) return value > 0;
        if (kind == RuleKind::positive_or_zero) return std::cmp_greater_equal(value, 0);
        if (!rule.integral) return false;
        return (kind == RuleKind::min && std::cmp_greater_equal(value, rule.integer)) ||
               (kind == RuleKind::max && std::cmp_less_equal(value, rule.integer));
    } else if constexpr (MapLike<T> || (SequenceLike<T> && !HasTextForm<T>)) {
        const auto count = static_cast<std::int64_t>(value.size());
        if (kind == RuleKind::not_empty) return count > 0;
        return kind == RuleKind::size && count >= rule.integer && count <= rule.upper;
    } else {
        return false;
    }
}

/// Once for each type of field, and seldom needed.
template <class T>
[[gnu::noinline]] bool holds_for(const Rule& rule, const T& value) {
    Subject subject = subject_of(value);
    subject.field = &value;  // a check takes the field as it is declared
    return holds(rule, subject);
}

template <class T>
bool is_good(const T& value);

template <class F, std::size_t Index, class T>
bool rule_holds(const T& value) {
    static constexpr Rule rule = F::options.rules[Index];
    return plainly_holds(rule, value) || holds_for(rule, value);
}

template <class F, class T>
bool is_good_field(const T& value) {
    const bool all_hold = [&]<std::size_t... I>(std::index_sequence<I...>) {
        return (rule_holds<F, I>(value) && ...);
    }(std::make_index_sequence<F::options.rule_count>{});
    return all_hold && is_good(value);
}

/// Whether there is nothing to tell: a good value is looked at once, and no path to any part of it is made.
template <class T>
bool is_good(const T& value) {
    if constexpr (is_optional<T> || is_smart_pointer<T>) {
        return !value || is_good(*value);
    } else if constexpr (is_variant<T>) {
        return std::visit([](const auto& held) { return is_good(held); }, value);
    } else if constexpr (HasTextForm<T> || TextLike<T>) {
        return true;
    } else if constexpr (MapLike<T>) {
        return std::ranges::all_of(value, [](const auto& entry) { return is_good(entry.second); });
    } else if constexpr (SequenceLike<T> || is_std_array<T>) {
        return std::ranges::all_of(value, [](const auto& element) { return is_good(element); });
    } else if constexpr (Described<T>) {
        bool good = true;
        for_each_field<T>([&]<class F> [[gnu::always_inline]] (F) {
            good = good && is_good_field<F>(value.*F::pointer);
        });
        return good;
    } else {
        return true;
    }
}

template <class T>
void validate_into(std::vector<Violation>& out, const Path& path, const T& value);

template <class F, std::size_t Index, class T>
void validate_rule(std::vector<Violation>& out, const Path& path, const T& value) {
    if (rule_holds<F, Index>(value)) return;
    Violation violation = violation_of(F::options.rules[Index]);
    violation.field = path.text();
    violation.rejected = to_value(value);
    out.push_back(std::move(violation));
}

template <class F, class T>
void validate_field(std::vector<Violation>& out, const Path& parent, const T& object) {
    const auto& value = object.*F::pointer;
    const Path path{&parent, F::outside};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (validate_rule<F, I>(out, path, value), ...);
    }(std::make_index_sequence<F::options.rule_count>{});
    validate_into(out, path, value);
}

/// Goes down to all described structs below `value`.
template <class T>
void validate_into(std::vector<Violation>& out, const Path& path, const T& value) {
    if constexpr (is_optional<T> || is_smart_pointer<T>) {
        if (value) validate_into(out, path, *value);
    } else if constexpr (is_variant<T>) {
        std::visit([&](const auto& held) { validate_into(out, path, held); }, value);
    } else if constexpr (HasTextForm<T> || TextLike<T>) {
        return;
    } else if constexpr (MapLike<T>) {
        for (const auto& [key, mapped] : value) {
            std::string name;
            append_key(name, key);
            validate_into(out, Path{&path, std::string_view(name).substr(1, name.size() - 3)}, mapped);
        }
    } else if constexpr (SequenceLike<T> || is_std_array<T>) {
        std::size_t index = 0;
        for (const auto& element : value) validate_into(out, Path{&path, {}, index++}, element);
    } else if constexpr (Described<T>) {
        for_each_field<T>([&]<class F>(F) { validate_field<F>(out, path, value); });
    }
}

}  // namespace detail

/// All violations, in the order of the fields; none when the value is good. `root` goes in front of each
/// path.
template <Described T>
std::vector<Violation> validate(const T& value, std::string_view root = {}) {
    std::vector<Violation> out;
    if (!detail::is_good(value)) detail::validate_into(out, detail::Path{nullptr, root}, value);
    return out;
}

/// `qty must be less than or equal to 100; name must not be blank`
std::string describe_violations(const std::vector<Violation>& violations);

}  // namespace flotilla::reflect
