#pragma once
/// The shape of a configuration struct, as far as the names of its properties depend on it. Made by the
/// compiler from FLT_DESCRIBE; the binder walks it to tell which property belongs where.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "flotilla/reflect/read.hpp"

namespace flotilla::config {

struct Shape {
    enum class Kind {
        text,    ///< one value; an empty text is a value
        scalar,  ///< one value; an empty text means none
        flag,    ///< a boolean
        object,  ///< fields
        list,    ///< `[0]`, `[1]`, or a comma list
        map,     ///< any names
        any,     ///< whatever comes
    };

    struct Field {
        std::string_view name;     ///< `max_items`
        std::string_view outside;  ///< `maxItems`
        const Shape& (*shape)();
    };

    Kind kind = Kind::scalar;
    std::span<const Field> fields{};
    const Shape& (*element)() = nullptr;  ///< of a list or map
};

template <class T>
const Shape& shape_of();

namespace detail {

template <class T>
inline constexpr auto shape_fields = [] {
    std::array<Shape::Field, reflect::field_count<T>()> fields{};
    std::size_t next = 0;
    reflect::for_each_field<T>([&]<class F>(F) {
        fields[next++] = {F::name, F::outside, &shape_of<typename F::Type>};
    });
    return fields;
}();

template <class T>
struct ElementOf {
    using type = typename T::value_type;
};

template <reflect::detail::MapLike T>
struct ElementOf<T> {
    using type = typename T::mapped_type;
};

}  // namespace detail

template <class T>
const Shape& shape_of() {
    if constexpr (reflect::detail::is_optional<T>) {
        return shape_of<typename T::value_type>();
    } else if constexpr (reflect::detail::is_smart_pointer<T>) {
        return shape_of<std::remove_const_t<typename T::element_type>>();
    } else if constexpr (std::same_as<T, reflect::Json> || reflect::detail::is_variant<T>) {
        static constexpr Shape shape{.kind = Shape::Kind::any};
        return shape;
    } else if constexpr (std::same_as<T, std::string> || std::same_as<T, reflect::Secret> ||
                         reflect::HasTextForm<T>) {
        static constexpr Shape shape{.kind = Shape::Kind::text};
        return shape;
    } else if constexpr (std::same_as<T, bool>) {
        static constexpr Shape shape{.kind = Shape::Kind::flag};
        return shape;
    } else if constexpr (reflect::detail::MapLike<T>) {
        static constexpr Shape
            shape{.kind = Shape::Kind::map, .element = &shape_of<typename detail::ElementOf<T>::type>};
        return shape;
    } else if constexpr (reflect::detail::SequenceLike<T> || reflect::detail::is_std_array<T>) {
        static constexpr Shape
            shape{.kind = Shape::Kind::list, .element = &shape_of<typename detail::ElementOf<T>::type>};
        return shape;
    } else if constexpr (reflect::Described<T> && !std::same_as<T, Bytes> && !std::same_as<T, WallTime> &&
                         !reflect::detail::is_duration<T>) {
        static constexpr Shape shape{.kind = Shape::Kind::object, .fields = detail::shape_fields<T>};
        return shape;
    } else {
        static constexpr Shape shape{.kind = Shape::Kind::scalar};
        return shape;
    }
}

}  // namespace flotilla::config
