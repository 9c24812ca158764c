#pragma once
/// Which kinds of types there are, the texts of enums, and how to give a type of one's own a text.

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "flotilla/base/result.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/reader.hpp"

namespace flotilla::reflect {

/// Specialise it for a type that is a text outside (an id, a URL, a log level):
///
///     template <> struct flotilla::reflect::TextForm<OrderId> {
///         static Result<OrderId> parse(std::string_view text);
///         static std::string print(const OrderId& id);
///     };
template <class T>
struct TextForm;

template <class T>
concept HasTextForm = requires(const T& value, std::string_view text) {
    { TextForm<T>::parse(text) } -> std::same_as<Result<T>>;
    { TextForm<T>::print(value) } -> std::convertible_to<std::string>;
};

namespace detail {

template <class T, template <class...> class Template>
inline constexpr bool is_instance = false;
template <template <class...> class Template, class... Arguments>
inline constexpr bool is_instance<Template<Arguments...>, Template> = true;

template <class T>
inline constexpr bool is_optional = is_instance<T, std::optional>;
template <class T>
inline constexpr bool is_variant = is_instance<T, std::variant>;
template <class T>
inline constexpr bool is_duration = is_instance<T, std::chrono::duration>;
template <class T>
inline constexpr bool is_smart_pointer = is_instance<T, std::unique_ptr> || is_instance<T, std::shared_ptr>;
template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

template <class T>
concept MapLike = requires(T& map) {
    typename T::key_type;
    typename T::mapped_type;
    map.begin();
};

template <class T>
concept TextLike = std::convertible_to<const T&, std::string_view>;

template <class T>
concept SequenceLike = !MapLike<T> && !TextLike<T> && requires(T& list) {
    typename T::value_type;
    list.begin();
    list.end();
    list.clear();
};

constexpr auto enum_text_of(EnumCase style, std::string_view name, std::string_view given) {
    ConstText<64> out;
    for (const char c : given.empty() ? name : given) {
        if (!given.empty() || style == EnumCase::as_declared) {
            out.add(c);
        } else if (style == EnumCase::upper) {
            out.add(ascii_upper(c));
        } else {
            out.add(c == '_' ? '-' : ascii_lower(c));
        }
    }
    return out;
}

template <DescribedEnum T>
using Enumerators = boost::describe::describe_enumerators<T>;

template <DescribedEnum T>
inline constexpr auto enum_text_storage = []<class... E>(boost::mp11::mp_list<E...>) {
    std::array<ConstText<64>, sizeof...(E)> texts{};
    std::size_t next = 0;
    if constexpr (requires { flt_enum_texts(static_cast<const T*>(nullptr)); }) {
        const auto [style, given] = flt_enum_texts(static_cast<const T*>(nullptr));
        ((texts[next] = enum_text_of(style, E::name, given[next]), ++next), ...);
    } else {
        ((texts[next++] = enum_text_of(EnumCase::as_declared, E::name, {})), ...);
    }
    return texts;
}(boost::mp11::mp_rename<Enumerators<T>, boost::mp11::mp_list>{});

template <DescribedEnum T>
inline constexpr auto enum_texts = []<class... E>(boost::mp11::mp_list<E...>) {
    std::size_t next = 0;
    return std::array<EnumText, sizeof...(E)>{
        EnumText{E::name, enum_text_storage<T>[next++].view(), static_cast<std::int64_t>(E::value)}...
    };
}(boost::mp11::mp_rename<Enumerators<T>, boost::mp11::mp_list>{});

}  // namespace detail

/// The text of an enumerator as it is written; empty for a value that is none.
template <DescribedEnum T>
constexpr std::string_view enum_text(T value) noexcept {
    for (const auto& text : detail::enum_texts<T>) {
        if (text.value == static_cast<std::int64_t>(value)) return text.outside;
    }
    return {};
}

/// The enumerator with that text, in any case and with or without dashes; nothing when there is none.
template <DescribedEnum T>
std::optional<T> enum_from_text(std::string_view text) {
    const std::string uniform = uniform_name(text);
    for (const auto& candidate : detail::enum_texts<T>) {
        if (uniform == uniform_name(candidate.outside) || uniform == uniform_name(candidate.name)) {
            return static_cast<T>(candidate.value);
        }
    }
    return std::nullopt;
}

}  // namespace flotilla::reflect
