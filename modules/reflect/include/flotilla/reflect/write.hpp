#pragma once
/// From any described type straight to JSON text, without a document between.
///
/// Absent optionals are left out (or null, with `or_null`), NaN and infinities are null, durations are
/// ISO-8601
/// (`PT30S`), times ISO-8601 in UTC, sizes `10MB`, secrets `******`, a variant is what it holds.

#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "flotilla/base/units.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/print.hpp"
#include "flotilla/reflect/secret.hpp"
#include "flotilla/reflect/types.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::reflect {

template <class T>
void append_json(std::string& out, const T& value);

namespace detail {

/// Every item is written with a comma behind; the last comma becomes the closing bracket.
inline void close(std::string& out, char bracket) {
    if (out.back() == ',') {
        out.back() = bracket;
    } else {
        out.push_back(bracket);
    }
}

template <class T>
bool is_absent(const T& value) {
    if constexpr (is_optional<T> || is_smart_pointer<T>) {
        return !value;
    } else {
        return false;
    }
}

template <class F, class T>
void append_field(std::string& out, const T& object) {
    const auto& value = object.*F::pointer;
    if constexpr (!F::options.or_null) {
        if (is_absent(value)) return;
    }
    if constexpr (F::options.omit_empty) {
        if (value.empty()) return;
    }
    out.append(F::json_key);
    append_json(out, value);
    out.push_back(',');
}

template <class T>
void append_key(std::string& out, const T& key) {
    if constexpr (std::integral<T>) {
        out.push_back('"');
        print::integer(out, key);
        out.push_back('"');
    } else {
        append_json(out, key);
    }
    out.push_back(':');
}

}  // namespace detail

/// Appends the JSON text of `value`.
template <class T>
void append_json(std::string& out, const T& value) {
    if constexpr (HasTextForm<T>) {
        print::string(out, TextForm<T>::print(value));
    } else if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::integral<T>) {
        print::integer(out, value);
    } else if constexpr (std::floating_point<T>) {
        print::number(out, value);
    } else if constexpr (detail::TextLike<T>) {
        print::string(out, value);
    } else if constexpr (std::same_as<T, Secret>) {
        print::string(out, Secret::mask);
    } else if constexpr (std::same_as<T, std::nullptr_t> || std::same_as<T, std::monostate>) {
        out += "null";
    } else if constexpr (std::same_as<T, WallTime>) {
        print::string(out, format_iso_time(value));
    } else if constexpr (std::same_as<T, Bytes>) {
        print::string(out, format_bytes(value));
    } else if constexpr (detail::is_duration<T>) {
        print::string(out, format_iso_duration(saturated(value)));
    } else if constexpr (DescribedEnum<T>) {
        print::string(out, enum_text(value));
    } else if constexpr (detail::is_optional<T> || detail::is_smart_pointer<T>) {
        if (value) {
            append_json(out, *value);
        } else {
            out += "null";
        }
    } else if constexpr (detail::is_variant<T>) {
        std::visit([&](const auto& held) { append_json(out, held); }, value);
    } else if constexpr (detail::MapLike<T>) {
        out.push_back('{');
        for (const auto& [key, mapped] : value) {
            detail::append_key(out, key);
            append_json(out, mapped);
            out.push_back(',');
        }
        detail::close(out, '}');
    } else if constexpr (detail::SequenceLike<T> || detail::is_std_array<T>) {
        out.push_back('[');
        for (const auto& element : value) {
            append_json(out, element);
            out.push_back(',');
        }
        detail::close(out, ']');
    } else {
        static_assert(Described<T>, "describe this type with FLT_DESCRIBE, or give it a TextForm");
        out.push_back('{');
        for_each_field<T>([&]<class F>(F) { detail::append_field<F>(out, value); });
        detail::close(out, '}');
    }
}

}  // namespace flotilla::reflect
