#pragma once
/// What a type looks like outside, as data: for API descriptions and other documents about types.
///
///     const TypeInfo& order = type_info_of<OrderIn>();
///     for (const TypeInfo::Field& field : order.fields) … field.outside, field.type().kind

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <typeinfo>
#include <variant>

#include "flotilla/reflect/json.hpp"

namespace flotilla::reflect {

/// Made by the compiler, one for each type; its address is the type's identity. Follows what `append_json`
/// writes.
struct TypeInfo {
    enum class Kind : std::uint8_t {
        any,      ///< any JSON
        nothing,  ///< always null
        boolean,
        integer,
        number,
        text,
        date_time,
        duration,
        size,  ///< bytes with a unit: `10MB`
        secret,
        enumeration,
        list,
        map,
        object,
        one_of,
    };

    using Ref = const TypeInfo& (*)();

    struct Field {
        std::string_view outside;  ///< `productId`
        const FieldOptions* options = nullptr;
        Ref type = nullptr;
    };

    Kind kind = Kind::any;
    const std::type_info* type = nullptr;  ///< of what an optional or pointer holds
    bool optional = false;
    bool is_signed = true;                      ///< integers
    std::uint8_t bytes = 0;                     ///< of integers and numbers
    std::span<const Field> fields{};            ///< objects
    std::span<const detail::EnumText> texts{};  ///< enumerations
    std::span<const Ref> alternatives{};        ///< one_of
    Ref element = nullptr;                      ///< lists and maps
    Json (*initial)() = nullptr;                ///< objects: as JSON, what a new one is
};

template <class T>
const TypeInfo& type_info_of();

namespace detail {

template <class T>
Json initial_value() {
    return to_value(T{});
}

template <class T>
inline constexpr auto info_fields = [] {
    std::array<TypeInfo::Field, field_count<T>()> fields{};
    std::size_t next = 0;
    for_each_field<T>([&]<class F>(F) {
        fields[next++] = {F::outside, &F::options, &type_info_of<typename F::Type>};
    });
    return fields;
}();

template <class T>
inline constexpr std::array<TypeInfo::Ref, 0> info_alternatives{};
template <class... T>
inline constexpr std::array<TypeInfo::Ref, sizeof...(T)> info_alternatives<std::variant<T...>>{
    &type_info_of<T>...
};

template <class T>
struct InfoElement {
    using type = typename T::value_type;
};

template <MapLike T>
struct InfoElement<T> {
    using type = typename T::mapped_type;
};

template <class T>
constexpr TypeInfo make_info() {
    using Kind = TypeInfo::Kind;
    TypeInfo info{.type = &typeid(T)};
    if constexpr (std::same_as<T, Json>) {
        info.kind = Kind::any;
    } else if constexpr (HasTextForm<T>) {
        info.kind = Kind::text;
    } else if constexpr (std::same_as<T, bool>) {
        info.kind = Kind::boolean;
    } else if constexpr (std::integral<T>) {
        info.kind = Kind::integer;
        info.is_signed = std::is_signed_v<T>;
        info.bytes = sizeof(T);
    } else if constexpr (std::floating_point<T>) {
        info.kind = Kind::number;
        info.bytes = sizeof(T);
    } else if constexpr (TextLike<T>) {
        info.kind = Kind::text;
    } else if constexpr (std::same_as<T, Secret>) {
        info.kind = Kind::secret;
    } else if constexpr (std::same_as<T, std::nullptr_t> || std::same_as<T, std::monostate>) {
        info.kind = Kind::nothing;
    } else if constexpr (std::same_as<T, WallTime>) {
        info.kind = Kind::date_time;
    } else if constexpr (std::same_as<T, Bytes>) {
        info.kind = Kind::size;
    } else if constexpr (is_duration<T>) {
        info.kind = Kind::duration;
    } else if constexpr (DescribedEnum<T>) {
        info.kind = Kind::enumeration;
        info.texts = enum_texts<T>;
    } else if constexpr (is_optional<T>) {
        info = make_info<typename T::value_type>();
        info.optional = true;
    } else if constexpr (is_smart_pointer<T>) {
        info = make_info<std::remove_const_t<typename T::element_type>>();
        info.optional = true;
    } else if constexpr (is_variant<T>) {
        info.kind = Kind::one_of;
        info.alternatives = info_alternatives<T>;
    } else if constexpr (MapLike<T>) {
        info.kind = Kind::map;
        info.element = &type_info_of<typename InfoElement<T>::type>;
    } else if constexpr (SequenceLike<T> || is_std_array<T>) {
        info.kind = Kind::list;
        info.element = &type_info_of<typename InfoElement<T>::type>;
    } else {
        static_assert(Described<T>, "describe this type with FLT_DESCRIBE, or give it a TextForm");
        info.kind = Kind::object;
        info.fields = info_fields<T>;
        if constexpr (std::default_initializable<T>) info.initial = &initial_value<T>;
    }
    return info;
}

}  // namespace detail

/// For whatever has a JSON form.
template <class T>
const TypeInfo& type_info_of() {
    static constexpr TypeInfo info = detail::make_info<T>();
    return info;
}

}  // namespace flotilla::reflect
