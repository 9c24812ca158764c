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
#include "flotilla/reflect/secret.hpp"
#include "flotilla/reflect/types.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/reflect/writer.hpp"

namespace flotilla::reflect {

namespace detail {

template <class T>
void write_value(Writer& writer, const T& value);

template <class T>
bool is_absent(const T& value) {
    if constexpr (is_optional<T> || is_smart_pointer<T>) {
        return !value;
    } else {
        return false;
    }
}

/// `lead` is the bracket that opens the object before its first member, a comma before the others.
template <class F, class T>
void write_field(Writer& writer, char& lead, const T& object) {
    const auto& value = object.*F::pointer;
    if constexpr (!F::options.or_null) {
        if (is_absent(value)) return;
    }
    if constexpr (F::options.omit_empty) {
        if (value.empty()) return;
    }
    static_assert(F::json_key.size() <= Writer::longest_piece);
    writer.put(lead, F::json_key);
    lead = ',';
    write_value(writer, value);
}

/// A name and its colon.
template <class T>
void write_key(Writer& writer, const T& key) {
    if constexpr (std::integral<T>) {
        writer.put('"');
        writer.integer(key);
        writer.put('"');
    } else {
        write_value(writer, key);
    }
    writer.put(':');
}

template <class T>
void append_key(std::string& out, const T& key) {
    Writer writer(out);
    write_key(writer, key);
}

template <class T>
void write_map(Writer& writer, const T& map) {
    char lead = '{';
    for (const auto& [key, mapped] : map) {
        writer.put(lead);
        lead = ',';
        write_key(writer, key);
        write_value(writer, mapped);
    }
    if (lead == '{') writer.put(lead);
    writer.put('}');
}

template <class T>
void write_list(Writer& writer, const T& list) {
    char lead = '[';
    for (const auto& element : list) {
        writer.put(lead);
        lead = ',';
        write_value(writer, element);
    }
    if (lead == '[') writer.put(lead);
    writer.put(']');
}

template <class T>
void write_value(Writer& writer, const T& value) {
    if constexpr (HasTextForm<T>) {
        writer.string(TextForm<T>::print(value));
    } else if constexpr (std::same_as<T, Json>) {
        append_json(writer.flushed(), value);
    } else if constexpr (std::same_as<T, bool>) {
        writer.put(std::string_view(value ? "true" : "false"));
    } else if constexpr (std::integral<T>) {
        writer.integer(value);
    } else if constexpr (std::floating_point<T>) {
        writer.number(value);
    } else if constexpr (TextLike<T>) {
        writer.string(value);
    } else if constexpr (std::same_as<T, Secret>) {
        writer.string(Secret::mask);
    } else if constexpr (std::same_as<T, std::nullptr_t> || std::same_as<T, std::monostate>) {
        writer.put(std::string_view("null"));
    } else if constexpr (std::same_as<T, WallTime>) {
        writer.string(format_iso_time(value));
    } else if constexpr (std::same_as<T, Bytes>) {
        writer.string(format_bytes(value));
    } else if constexpr (is_duration<T>) {
        writer.string(format_iso_duration(saturated(value)));
    } else if constexpr (DescribedEnum<T>) {
        writer.string(enum_text(value));
    } else if constexpr (is_optional<T> || is_smart_pointer<T>) {
        if (value) {
            write_value(writer, *value);
        } else {
            writer.put(std::string_view("null"));
        }
    } else if constexpr (is_variant<T>) {
        std::visit([&](const auto& held) { write_value(writer, held); }, value);
    } else if constexpr (MapLike<T>) {
        write_map(writer, value);
    } else if constexpr (SequenceLike<T> || is_std_array<T>) {
        write_list(writer, value);
    } else {
        static_assert(Described<T>, "describe this type with FLT_DESCRIBE, or give it a TextForm");
        char lead = '{';
        for_each_field<T>([&]<class F> [[gnu::always_inline]] (F) { write_field<F>(writer, lead, value); });
        if (lead == '{') writer.put(lead);
        writer.put('}');
    }
}

}  // namespace detail

/// Appends the JSON text of `value`.
template <class T>
void append_json(std::string& out, const T& value) {
    detail::Writer writer(out);
    detail::write_value(writer, value);
}

}  // namespace flotilla::reflect
