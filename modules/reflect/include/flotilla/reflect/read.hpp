#pragma once
/// From a Node to any described type. Kinds that are read: bool, integers (range checked), float and double,
/// std::string, Secret, enums by name, chrono durations, WallTime, Bytes, Json, optional and smart pointers
/// (null is none), vector, array, set, map (keys: strings, enums, integers), variant, described structs, and
/// every type with a TextForm.
///
/// A std::variant holds the first alternative that fits the document exactly (kinds and member names), or
/// else the first that fits at all.

#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/reader.hpp"
#include "flotilla/reflect/secret.hpp"
#include "flotilla/reflect/types.hpp"

namespace flotilla::reflect {

template <class T>
bool read_value(Reader& reader, const Node& node, T& out);

namespace detail {

Json json_of(const Node& node);
std::string wrong_count(std::size_t expected, std::size_t got);

template <class T>
bool read_text_part(Reader& reader, char tag, std::string_view part, T& out);

template <class T>
bool read_integer(Reader& reader, const Node& node, T& out) {
    if constexpr (std::is_signed_v<T>) {
        std::int64_t value = 0;
        if (!reader.signed_integer(node, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), value))
            return false;
        out = static_cast<T>(value);
    } else {
        std::uint64_t value = 0;
        if (!reader.unsigned_integer(node, std::numeric_limits<T>::max(), value)) return false;
        out = static_cast<T>(value);
    }
    return true;
}

template <class T>
bool read_float(Reader& reader, const Node& node, T& out) {
    double value = 0;
    if (!reader.number(node, value)) return false;
    out = static_cast<T>(value);
    return std::isfinite(out) || reader.fail_with("expected a number that fits 32 bits");
}

/// A number without a unit counts seconds in a field of seconds (minutes in one of minutes ...), and
/// milliseconds in all finer ones, as in Spring. What the field's unit cannot hold exactly is refused.
template <class T>
bool read_duration(Reader& reader, const Node& node, T& out) {
    constexpr bool fine = std::ratio_less_v<typename T::period, std::ratio<1>>;
    Duration value{};
    if (!reader.duration(node, fine ? Duration(std::chrono::milliseconds(1)) : Duration(T(1)), value))
        return false;
    if (value == Duration::max()) return out = T::max(), true;
    out = std::chrono::duration_cast<T>(value);
    if (Duration(out) != value) return reader.fail_with("the duration is finer than the unit of the field");
    return true;
}

template <class T>
bool read_enum(Reader& reader, const Node& node, T& out) {
    std::int64_t value = 0;
    if (!reader.enumerator(node, enum_texts<T>, value)) return false;
    out = static_cast<T>(value);
    return true;
}

template <class T>
bool read_key(Reader& reader, const Node& key, T& out) {
    if constexpr (std::integral<T>) {
        const auto value = parse_integer<T>(key.text());
        if (!value) return reader.fail_with("expected an integer as name");
        out = *value;
        return true;
    } else {
        return read_value(reader, key, out);
    }
}

template <class T, class Put>
bool read_elements(Reader& reader, const Node& node, Put&& put) {
    if (node.tag() == '[') {
        std::size_t index = 0;
        for (Node element = node.first(); !element.at_end(); element = element.next(), ++index) {
            T value{};
            if (!read_value(reader, element, value)) return reader.in_element(index);
            if (!put(std::move(value))) return false;
        }
        return true;
    }
    if (const auto parts = reader.list_in_text(node)) {
        std::size_t index = 0;
        for (const std::string_view part : *parts) {
            T value{};
            if (!read_text_part(reader, node.tag(), part, value)) return reader.in_element(index);
            if (!put(std::move(value))) return false;
            ++index;
        }
        return true;
    }
    if (reader.leniency().text_lists && node.tag() != '{' && !node.is_null()) {
        T value{};
        return read_value(reader, node, value) && put(std::move(value));
    }
    return reader.fail_expected("array", node);
}

template <class T>
bool read_sequence(Reader& reader, const Node& node, T& out) {
    T values{};
    if constexpr (requires { values.reserve(1); }) {
        if (node.tag() == '[') values.reserve(node.size());
    }
    const bool good =
        read_elements<typename T::value_type>(reader, node, [&](typename T::value_type&& value) {
            if constexpr (requires { values.push_back(std::move(value)); }) {
                values.push_back(std::move(value));
            } else {
                values.insert(std::move(value));
            }
            return true;
        });
    if (good) out = std::move(values);
    return good;
}

template <class T, std::size_t N>
bool read_array(Reader& reader, const Node& node, std::array<T, N>& out) {
    std::size_t count = 0;
    const bool good = read_elements<T>(reader, node, [&](T&& value) {
        if (count < N) out[count] = std::move(value);
        ++count;
        return true;
    });
    if (!good) return false;
    return count == N || reader.fail_with(wrong_count(N, count));
}

template <class T>
bool read_map(Reader& reader, const Node& node, T& out) {
    if (node.tag() != '{') return reader.fail_expected("object", node);
    if (!reader.leniency().merge_maps) out.clear();
    for (Node key = node.first(); !key.at_end();) {
        const Node value = key.next();
        typename T::key_type name{};
        if (!read_key(reader, key, name)) return reader.in_member(key.text());
        // In a merged map what is there already is changed, member by member.
        if (!read_value(reader, value, out[std::move(name)])) return reader.in_member(key.text());
        key = value.next();
    }
    return true;
}

template <class... Alternatives>
bool read_variant(Reader& reader, const Node& node, std::variant<Alternatives...>& out) {
    Leniency exact = reader.leniency();
    exact.coerce_scalars = false;
    exact.ignore_unknown = false;
    const auto fits = [&]<class A>(std::type_identity<A>, const Leniency& leniency) {
        return reader.attempt(leniency, [&](Reader& other) {
            A value{};
            if (!read_value(other, node, value)) return false;
            out = std::move(value);
            return true;
        });
    };
    if ((fits(std::type_identity<Alternatives>{}, exact) || ...)) return true;
    if ((fits(std::type_identity<Alternatives>{}, reader.leniency()) || ...)) return true;
    return reader.fail_with("fits none of the alternatives");
}

template <class T, class F>
bool read_field(Reader& reader, const Node& node, void* object) {
    return read_value(reader, node, static_cast<T*>(object)->*F::pointer);
}

template <Described T>
inline constexpr auto member_readers = [] {
    std::array<MemberReader, field_count<T>()> table{};
    std::size_t next = 0;
    for_each_field<T>([&]<class F>(F) { table[next++] = {F::outside, F::name, &read_field<T, F>}; });
    return table;
}();

template <class T>
bool read_text_form(Reader& reader, const Node& node, T& out) {
    std::string text;
    if (!reader.string(node, text)) return false;
    auto value = TextForm<T>::parse(text);
    if (!value) return reader.fail_with(value.error().message());
    out = *std::move(value);
    return true;
}

/// One part of a comma list: a text by itself.
bool with_text_node(char tag, std::string_view text, void* context, bool (*use)(const Node&, void*));

template <class T>
bool read_text_part(Reader& reader, char tag, std::string_view part, T& out) {
    struct Context {
        Reader& reader;
        T& out;
    } context{reader, out};

    return with_text_node(tag, part, &context, [](const Node& node, void* raw) {
        auto& in = *static_cast<Context*>(raw);
        return read_value(in.reader, node, in.out);
    });
}

}  // namespace detail

/// Reads `node` over `out`. Members that the document does not name keep what they have.
template <class T>
bool read_value(Reader& reader, const Node& node, T& out) {
    if constexpr (std::same_as<T, Json>) {
        out = detail::json_of(node);
        return true;
    } else if constexpr (detail::is_optional<T>) {
        if (node.is_null()) return out = std::nullopt, true;
        return read_value(reader, node, out.emplace());
    } else if constexpr (detail::is_smart_pointer<T>) {
        using Element = typename T::element_type;
        if (node.is_null()) return out = nullptr, true;
        auto value = std::make_unique<std::remove_const_t<Element>>();
        if (!read_value(reader, node, *value)) return false;
        out = std::move(value);
        return true;
    } else if constexpr (detail::is_variant<T>) {
        return detail::read_variant(reader, node, out);
    } else {
        if (reader.passes_null(node)) return true;
        if constexpr (HasTextForm<T>) {
            return detail::read_text_form(reader, node, out);
        } else if constexpr (std::same_as<T, bool>) {
            return reader.boolean(node, out);
        } else if constexpr (std::integral<T>) {
            return detail::read_integer(reader, node, out);
        } else if constexpr (std::floating_point<T>) {
            return detail::read_float(reader, node, out);
        } else if constexpr (std::same_as<T, std::string>) {
            return reader.string(node, out);
        } else if constexpr (std::same_as<T, Secret>) {
            std::string text;
            if (!reader.string(node, text)) return false;
            out = Secret(std::move(text));
            return true;
        } else if constexpr (std::same_as<T, WallTime>) {
            return reader.time(node, out);
        } else if constexpr (std::same_as<T, Bytes>) {
            return reader.bytes(node, out);
        } else if constexpr (detail::is_duration<T>) {
            return detail::read_duration(reader, node, out);
        } else if constexpr (DescribedEnum<T>) {
            return detail::read_enum(reader, node, out);
        } else if constexpr (detail::is_std_array<T>) {
            return detail::read_array(reader, node, out);
        } else if constexpr (detail::MapLike<T>) {
            return detail::read_map(reader, node, out);
        } else if constexpr (detail::SequenceLike<T>) {
            return detail::read_sequence(reader, node, out);
        } else {
            static_assert(Described<T>, "describe this type with FLT_DESCRIBE, or give it a TextForm");
            return reader.object(node, detail::member_readers<T>, &out);
        }
    }
}

namespace detail {

template <class T>
Result<T> bind(const Node& node, const Leniency& leniency) {
    Reader reader(leniency);
    T value{};
    if (!read_value(reader, node, value)) return fail(reader.pointer_error());
    return value;
}

}  // namespace detail
}  // namespace flotilla::reflect
