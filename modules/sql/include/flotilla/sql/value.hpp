#pragma once
/// Values as they travel to a database and back, and which C++ types have that form: bool, integers, floating
/// point, texts, Blob, WallTime, enums described by FLT_DESCRIBE_ENUM (by name), types with a
/// reflect::TextForm, and std::optional of these, where nothing is NULL.

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/reflect/types.hpp"
#include "flotilla/sql/error.hpp"

namespace flotilla::sql {

struct Null {
    friend auto operator<=>(const Null&, const Null&) = default;
};

/// Bytes that are no text.
struct Blob {
    std::string bytes;

    friend auto operator<=>(const Blob&, const Blob&) = default;
};

/// Drivers bind a WallTime in their own way, to the millisecond (earlier, when finer) and in UTC; they give
/// times back as texts, which a WallTime field reads.
using Value = std::variant<Null, std::int64_t, double, std::string, Blob, WallTime>;

namespace detail {

/// As the database stores it, for messages: `integer`, `text`.
std::string_view kind_of(const Value& value) noexcept;

bool read_integer(const Value& value, std::int64_t& out) noexcept;
bool read_double(const Value& value, double& out) noexcept;
bool read_bool(const Value& value, bool& out) noexcept;
bool take_text(Value& value, std::string& out);
bool take_blob(Value& value, Blob& out);
bool read_time(const Value& value, WallTime& out);

template <class>
inline constexpr bool has_no_form = false;

}  // namespace detail

template <class T>
Value to_value(const T& value) {
    if constexpr (std::same_as<T, Value>) {
        return value;
    } else if constexpr (std::same_as<T, std::nullopt_t> || std::same_as<T, Null> ||
                         std::same_as<T, std::nullptr_t>) {
        return Null{};
    } else if constexpr (reflect::detail::is_optional<T>) {
        return value ? to_value(*value) : Value(Null{});
    } else if constexpr (std::integral<T>) {
        static_assert(
            sizeof(T) < sizeof(std::int64_t) || std::signed_integral<T>,
            "databases have no unsigned 64-bit integer: use std::int64_t"
        );
        return static_cast<std::int64_t>(value);
    } else if constexpr (std::floating_point<T>) {
        return static_cast<double>(value);
    } else if constexpr (std::same_as<T, Blob>) {
        return value;
    } else if constexpr (std::same_as<T, WallTime>) {
        return value;
    } else if constexpr (reflect::DescribedEnum<T>) {
        return std::string(reflect::enum_text(value));
    } else if constexpr (reflect::HasTextForm<T>) {
        return std::string(reflect::TextForm<T>::print(value));
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
        return std::string(std::string_view(value));
    } else {
        static_assert(detail::has_no_form<T>, "no type of column holds this");
    }
}

/// False when the value is NULL or does not fit; numbers fit when nothing is lost, texts are read where
/// numbers are wanted. What fits may be moved out of the value.
template <class T>
bool take_value(Value& value, T& out) {
    if constexpr (std::same_as<T, Value>) {
        out = std::move(value);
        return true;
    } else if constexpr (reflect::detail::is_optional<T>) {
        if (std::holds_alternative<Null>(value)) {
            out.reset();
            return true;
        }
        return take_value(value, out.emplace());
    } else if constexpr (std::same_as<T, bool>) {
        return detail::read_bool(value, out);
    } else if constexpr (std::integral<T>) {
        std::int64_t wide = 0;
        if (!detail::read_integer(value, wide) || !std::in_range<T>(wide)) return false;
        out = static_cast<T>(wide);
        return true;
    } else if constexpr (std::floating_point<T>) {
        double wide = 0;
        if (!detail::read_double(value, wide)) return false;
        out = static_cast<T>(wide);
        return true;
    } else if constexpr (std::same_as<T, std::string>) {
        return detail::take_text(value, out);
    } else if constexpr (std::same_as<T, Blob>) {
        return detail::take_blob(value, out);
    } else if constexpr (std::same_as<T, WallTime>) {
        return detail::read_time(value, out);
    } else if constexpr (reflect::DescribedEnum<T>) {
        std::string text;
        if (!detail::take_text(value, text)) return false;
        const auto found = reflect::enum_from_text<T>(text);
        if (found) out = *found;
        return found.has_value();
    } else if constexpr (reflect::HasTextForm<T>) {
        std::string text;
        if (!detail::take_text(value, text)) return false;
        auto parsed = reflect::TextForm<T>::parse(text);
        if (parsed) out = *std::move(parsed);
        return parsed.has_value();
    } else {
        static_assert(detail::has_no_form<T>, "no type of column holds this");
    }
}

}  // namespace flotilla::sql
