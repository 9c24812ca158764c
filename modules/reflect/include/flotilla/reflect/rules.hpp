#pragma once
/// Validation rules and other options that stand beside a field in FLT_DESCRIBE.
///
///     FLT_DESCRIBE(OrderIn,
///         (product_id, "Catalog number", not_blank, size(1, 20)),
///         (qty, min(1), max(100)),
///         (user_id, as("user")));

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::reflect {

enum class RuleKind {
    not_null,
    not_empty,
    not_blank,
    size,
    min,
    max,
    positive,
    positive_or_zero,
    pattern,
    email,
    check
};
enum class RuleUnit { none, duration, bytes };

/// One rule, the same shape for all: a table of them can be read at run time, e.g. for an API description.
struct Rule {
    RuleKind kind = RuleKind::not_null;
    RuleUnit unit = RuleUnit::none;
    bool integral = true;                      ///< which of `integer` and `number` holds the bound
    std::int64_t integer = 0;                  ///< min, max; nanoseconds or bytes by `unit`; size: least
    std::int64_t upper = 0;                    ///< size: most
    double number = 0;                         ///< min, max given as floating point
    std::string_view text{};                   ///< pattern, or the message of a check
    bool (*predicate)(const void*) = nullptr;  ///< check: given the address of the field
};

namespace rules {

[[maybe_unused]] inline constexpr Rule not_null{.kind = RuleKind::not_null};
[[maybe_unused]] inline constexpr Rule not_empty{.kind = RuleKind::not_empty};
/// Text with at least one character that is no white space.
[[maybe_unused]] inline constexpr Rule not_blank{.kind = RuleKind::not_blank};
[[maybe_unused]] inline constexpr Rule positive{.kind = RuleKind::positive};
[[maybe_unused]] inline constexpr Rule positive_or_zero{.kind = RuleKind::positive_or_zero};
[[maybe_unused]] inline constexpr Rule email{.kind = RuleKind::email};

/// Characters of a text (counted as Java does, in UTF-16 units), elements of a list or map.
constexpr Rule size(std::int64_t least, std::int64_t most = std::numeric_limits<std::int32_t>::max()) {
    return {.kind = RuleKind::size, .integer = least, .upper = most};
}

/// The whole text matches the (ECMAScript) regular expression.
constexpr Rule pattern(std::string_view regex) {
    return {.kind = RuleKind::pattern, .text = regex};
}

namespace detail {
template <class Bound>
constexpr Rule bound(RuleKind kind, Bound value) {
    if constexpr (std::integral<Bound>) {
        return {.kind = kind, .integer = static_cast<std::int64_t>(value)};
    } else if constexpr (std::floating_point<Bound>) {
        return {.kind = kind, .integral = false, .number = static_cast<double>(value)};
    } else if constexpr (std::same_as<Bound, Bytes>) {
        return {.kind = kind, .unit = RuleUnit::bytes, .integer = static_cast<std::int64_t>(value.count)};
    } else {
        return {
            .kind = kind,
            .unit = RuleUnit::duration,
            .integer = std::chrono::duration_cast<Duration>(value).count()
        };
    }
}
}  // namespace detail

/// Inclusive bounds: numbers, durations (`min(1s)`), sizes (`max(Bytes::mega(1))`).
template <class Bound>
constexpr Rule min(Bound value) {
    return detail::bound(RuleKind::min, value);
}

template <class Bound>
constexpr Rule max(Bound value) {
    return detail::bound(RuleKind::max, value);
}

/// `check([](const std::string& iban) { ... }, "must be a valid IBAN")`; the lambda captures nothing.
template <class Predicate>
struct Check {
    std::string_view message;
};

template <class Predicate>
constexpr Check<Predicate> check(Predicate, std::string_view message) {
    static_assert(std::is_empty_v<Predicate>, "a check captures nothing");
    return {message};
}

struct Name {
    std::string_view text;
};

/// The name of the field outside, instead of its camelCase.
constexpr Name as(std::string_view outside) {
    return {outside};
}

struct OrNull {};

/// An absent optional is written as null, not left out.
[[maybe_unused]] inline constexpr OrNull or_null{};

struct OmitEmpty {};

/// An empty text, list or map is not written.
[[maybe_unused]] inline constexpr OmitEmpty omit_empty{};

}  // namespace rules

/// Everything that was said about a field in FLT_DESCRIBE.
struct FieldOptions {
    static constexpr std::size_t max_rules = 6;

    std::string_view doc;
    std::string_view outside_name;
    bool or_null = false;
    bool omit_empty = false;
    std::size_t rule_count = 0;
    std::array<Rule, max_rules> rules{};
};

namespace detail {

template <class FieldType>
struct OptionCollector {
    FieldOptions options;

    constexpr void add(std::string_view doc) { options.doc = doc; }

    constexpr void add(rules::Name name) { options.outside_name = name.text; }

    constexpr void add(rules::OrNull) { options.or_null = true; }

    constexpr void add(rules::OmitEmpty) { options.omit_empty = true; }

    constexpr void add(const Rule& rule) { options.rules[options.rule_count++] = rule; }

    template <class Predicate>
    constexpr void add(rules::Check<Predicate> check) {
        static_assert(
            std::is_invocable_r_v<bool, Predicate, const FieldType&>, "the check does not take this field"
        );
        add(Rule{.kind = RuleKind::check, .text = check.message, .predicate = [](const void* field) -> bool {
                     return Predicate{}(*static_cast<const FieldType*>(field));
                 }});
    }
};

template <class FieldType, class... Options>
constexpr FieldOptions field_options(const Options&... options) {
    OptionCollector<FieldType> collector;
    (collector.add(options), ...);
    return collector.options;
}

}  // namespace detail
}  // namespace flotilla::reflect
