#pragma once
/// How values of parameters are written, and what Java calls their types. For parameters.hpp.

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "flotilla/base/units.hpp"
#include "flotilla/http/binding.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/print.hpp"
#include "flotilla/remote/outgoing_request.hpp"

namespace flotilla::remote::detail {

inline void append_value(std::string& out, std::string_view value) {
    out += value;
}

/// One value as text, as it would stand in a path.
template <class T>
    requires(!std::convertible_to<const T&, std::string_view>)
void append_value(std::string& out, const T& value) {
    if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::integral<T>) {
        reflect::print::integer(out, value);
    } else if constexpr (std::floating_point<T>) {
        char digits[32];
        out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    } else if constexpr (reflect::DescribedEnum<T>) {
        out += reflect::enum_text(value);
    } else if constexpr (std::same_as<T, WallTime>) {
        out += format_iso_time(value);
    } else if constexpr (reflect::detail::is_duration<T>) {
        out += format_iso_duration(value);
    } else {
        static_assert(reflect::HasTextForm<T>, "give this type a reflect::TextForm to use it as a parameter");
        out += reflect::TextForm<T>::print(value);
    }
}

template <class T>
std::string value_text(const T& value) {
    std::string text;
    append_value(text, value);
    return text;
}

inline std::string_view value_text(std::string_view value) {
    return value;
}

template <class T>
void add_query(OutgoingRequest& request, std::string_view name, const T& value) {
    if constexpr (reflect::detail::is_optional<T>) {
        if (value) add_query(request, name, *value);
    } else if constexpr (reflect::detail::SequenceLike<T>) {
        if (value.empty()) request.query(name, {});
        for (const auto& each : value) add_query(request, name, each);
    } else {
        request.query(name, value_text(value));
    }
}

template <class T>
void add_header(OutgoingRequest& request, std::string_view name, const T& value) {
    if constexpr (reflect::detail::is_optional<T>) {
        if (value) add_header(request, name, *value);
    } else if constexpr (reflect::detail::SequenceLike<T>) {
        for (const auto& each : value) add_header(request, name, each);
    } else {
        request.header(name, value_text(value));
    }
}

/// Calls `use(name, value)` for each field of a described struct, or entry of a map.
template <class T, class Use>
void for_each_entry(const T& value, Use&& use) {
    if constexpr (reflect::detail::MapLike<T>) {
        for (const auto& [name, each] : value) use(std::string_view(name), each);
    } else {
        static_assert(reflect::Described<T>, "this takes a map or a described struct");
        reflect::for_each_field<T>([&]<class F>(F) { use(F::outside, value.*F::pointer); });
    }
}

/// `String`, `int`, `List`: the simple name that Java has for such a type, as it stands in configuration
/// keys.
template <class T>
std::string java_name() {
    if constexpr (reflect::detail::is_optional<T>) {
        return java_name<typename T::value_type>();
    } else if constexpr (std::same_as<T, std::string>) {
        return "String";
    } else if constexpr (std::same_as<T, bool>) {
        return "boolean";
    } else if constexpr (std::integral<T>) {
        return sizeof(T) > 4 ? "long" : "int";
    } else if constexpr (std::floating_point<T>) {
        return sizeof(T) > 4 ? "double" : "float";
    } else if constexpr (reflect::detail::MapLike<T>) {
        return "Map";
    } else if constexpr (reflect::detail::SequenceLike<T>) {
        return "List";
    } else {
        return http::detail::simple_type_name(typeid(T).name());
    }
}

}  // namespace flotilla::remote::detail
