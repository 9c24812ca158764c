#pragma once
/// Properties for people: what `--help` lists, derived from described structs.

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/units.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/types.hpp"

namespace flotilla::service {

struct PropertyDoc {
    std::string name;  ///< `server.keep-alive-timeout`
    std::string doc;
    std::string standard;  ///< what holds without it, as text; empty for nothing
};

/// `server` and `maxConnections` as `server.max-connections`.
std::string property_name(std::string_view prefix, std::string_view outside);

namespace detail {

/// A list as `a, b`; nothing for nothing.
std::string shown_value(const reflect::Json& value);

template <class T>
std::string shown_default(const T& value) {
    if constexpr (reflect::detail::is_optional<T>) {
        return value ? shown_default(*value) : std::string();
    } else if constexpr (reflect::detail::is_duration<T>) {
        return format_duration(value);
    } else if constexpr (std::same_as<T, Bytes>) {
        return format_bytes(value);
    } else {
        return shown_value(reflect::to_value(value));
    }
}

template <class T>
struct Inner {
    using type = T;
};

template <class T>
struct Inner<std::optional<T>> {
    using type = T;
};

/// A struct with properties of its own.
template <class T>
inline constexpr bool is_section =
    reflect::Described<T> && !reflect::HasTextForm<T> && !std::same_as<T, Bytes> &&
    !std::same_as<T, WallTime> && !reflect::detail::is_duration<T>;

template <class T>
void collect(std::string_view prefix, const T& defaults, std::vector<PropertyDoc>& out) {
    reflect::for_each_field<T>([&]<class F>(F) {
        using Type = typename F::Type;
        using Plain = typename Inner<Type>::type;
        const std::string name = property_name(prefix, F::outside);
        if constexpr (is_section<Type>) {
            collect(name, defaults.*F::pointer, out);
        } else if constexpr (is_section<Plain>) {
            collect(name, Plain{}, out);
        } else {
            out.push_back({name, std::string(F::options.doc), shown_default(defaults.*F::pointer)});
        }
    });
}

}  // namespace detail

/// Every property of a struct, those of structs inside it too.
template <reflect::Described T>
std::vector<PropertyDoc> documented_properties(std::string_view prefix, const T& defaults = {}) {
    std::vector<PropertyDoc> out;
    detail::collect(prefix, defaults, out);
    return out;
}

/// Lines of at most `width` characters: name, text and default of each.
std::string help_text(const std::vector<PropertyDoc>& properties, std::size_t width = 100);

}  // namespace flotilla::service
