#pragma once
/// One declaration per struct from which JSON, YAML, forms, configuration, validation and documentation
/// follow.
///
///     struct OrderIn { std::string product_id; int qty = 1; };
///     FLT_DESCRIBE(OrderIn, (product_id, not_blank), (qty, "How many", min(1), max(100)))
///
/// It stands in the namespace of the type, after it. Each field is a name, or a name in brackets followed by
/// its documentation and options (rules.hpp). A name that is no field does not compile, and neither does a
/// field left out. Outside a field is camelCase (`productId`) unless `as("name")` says otherwise.

#include <array>
#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "flotilla/reflect/preprocess.hpp"
#include "flotilla/reflect/rules.hpp"

// clang-format off
/// A struct and its fields.
#define FLT_DESCRIBE(Type, ...) FLT_DESCRIBE_DERIVED(Type, () __VA_OPT__(,) __VA_ARGS__)

/// The same for configuration, where each field has its documentation: `(port, "Where the server listens")`.
#define FLT_DESCRIBE_CONFIG(Type, ...)                  \
    FLT_DESCRIBE(Type __VA_OPT__(,) __VA_ARGS__)        \
    static_assert(::flotilla::reflect::detail::is_documented<Type>(), #Type ": a field has no documentation");

/// A struct with described bases: `FLT_DESCRIBE_DERIVED(Truck, (Vehicle), load)`.
#define FLT_DESCRIBE_DERIVED(Type, Bases, ...)                                                          \
    BOOST_DESCRIBE_STRUCT(Type, Bases, (FLT_PP_LIST(FLT_FIELD_NAME, Type __VA_OPT__(,) __VA_ARGS__)))   \
    [[maybe_unused]] constexpr auto flt_field_options(const Type*) {                                    \
        FLT_USE_RULES                                                                                   \
        return std::array<::flotilla::reflect::FieldOptions, FLT_PP_COUNT(__VA_ARGS__)>{                \
            FLT_PP_LIST(FLT_FIELD_OPTIONS, Type __VA_OPT__(,) __VA_ARGS__)};                            \
    }                                                                                                   \
    static_assert(::flotilla::reflect::detail::describes_all<Type>(), #Type ": a field is not described");

/// An enum and its enumerators, read in any case and written as declared; `(enumerator, "text")` writes a text.
#define FLT_DESCRIBE_ENUM(Type, ...) FLT_DESCRIBE_ENUM_AS(Type, as_declared, __VA_ARGS__)
/// The same, written in upper case: `out_of_service` is `OUT_OF_SERVICE`.
#define FLT_DESCRIBE_ENUM_UPPER(Type, ...) FLT_DESCRIBE_ENUM_AS(Type, upper, __VA_ARGS__)
/// The same, written in kebab case: `least_loaded` is `least-loaded`.
#define FLT_DESCRIBE_ENUM_KEBAB(Type, ...) FLT_DESCRIBE_ENUM_AS(Type, kebab, __VA_ARGS__)

#define FLT_DESCRIBE_ENUM_AS(Type, Case, ...)                                                           \
    BOOST_DESCRIBE_ENUM(Type, FLT_PP_LIST(FLT_FIELD_NAME, Type, __VA_ARGS__))                           \
    [[maybe_unused]] constexpr auto flt_enum_texts(const Type*) {                                       \
        return std::pair{::flotilla::reflect::EnumCase::Case,                                           \
            std::array<std::string_view, FLT_PP_COUNT(__VA_ARGS__)>{                                    \
                FLT_PP_LIST(FLT_ENUM_TEXT, Type, __VA_ARGS__)}};                                        \
    }

#define FLT_FIELD_NAME(Type, field) FLT_PP_HEAD(field)
#define FLT_FIELD_OPTIONS(Type, field) \
    ::flotilla::reflect::detail::field_options<decltype(Type::FLT_PP_HEAD(field))>(FLT_PP_TAIL(field))
#define FLT_ENUM_TEXT(Type, enumerator) std::string_view{FLT_PP_TAIL(enumerator)}
#define FLT_USE_RULES                                                                                            \
    using ::flotilla::reflect::rules::not_null; using ::flotilla::reflect::rules::not_empty;                     \
    using ::flotilla::reflect::rules::not_blank; using ::flotilla::reflect::rules::positive;                     \
    using ::flotilla::reflect::rules::positive_or_zero; using ::flotilla::reflect::rules::email;                 \
    using ::flotilla::reflect::rules::size; using ::flotilla::reflect::rules::pattern;                           \
    using ::flotilla::reflect::rules::min; using ::flotilla::reflect::rules::max;                                \
    using ::flotilla::reflect::rules::check; using ::flotilla::reflect::rules::as;                               \
    using ::flotilla::reflect::rules::or_null; using ::flotilla::reflect::rules::omit_empty;
// clang-format on

namespace flotilla::reflect {

enum class EnumCase { as_declared, upper, kebab };

template <class T>
concept Described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

namespace detail {

template <class T>
using OwnMembers = boost::describe::describe_members<T, boost::describe::mod_public>;
template <class T>
using Bases = boost::describe::describe_bases<T, boost::describe::mod_public>;

template <class T>
inline constexpr std::size_t own_member_count = boost::mp11::mp_size<OwnMembers<T>>::value;

/// Becomes whatever an initialiser asks for; only named, never run.
struct Anything {
    template <class T>
    operator T() const noexcept;  // NOLINT(google-explicit-constructor): an initialiser converts by itself
};

/// Whether an aggregate takes as many initialisers as there are indexes.
template <class T, std::size_t... Index>
constexpr bool takes_initialisers(std::index_sequence<Index...>) {
    return requires { T{(static_cast<void>(Index), Anything{})...}; };
}

/// One more initialiser than described fields must be one too many. (Counting fields with Boost.PFR says the
/// same, but g++ 12.2 crashes over it when a field has a braced list as its default, and it compiles slower.)
template <class T>
constexpr bool describes_all() {
    if constexpr (std::is_aggregate_v<T> && boost::mp11::mp_empty<Bases<T>>::value) {
        return !takes_initialisers<T>(std::make_index_sequence<own_member_count<T> + 1>{});
    } else {
        return true;
    }
}

template <class T>
constexpr FieldOptions options_of(std::size_t index) {
    if constexpr (requires { flt_field_options(static_cast<const T*>(nullptr)); }) {
        return flt_field_options(static_cast<const T*>(nullptr))[index];
    } else {
        return {};
    }
}

template <class T>
constexpr bool is_documented() {
    for (std::size_t i = 0; i < own_member_count<T>; ++i) {
        if (options_of<T>(i).doc.empty()) return false;
    }
    return true;
}

/// Text made at compile time, at most N characters.
template <std::size_t N>
struct ConstText {
    std::array<char, N + 1> chars{};
    std::size_t length = 0;

    constexpr void add(char c) { chars[length++] = c; }

    constexpr std::string_view view() const { return {chars.data(), length}; }
};

template <std::size_t N>
constexpr ConstText<N> camel_case(std::string_view name) {
    ConstText<N> out;
    bool upper = false;
    for (const char c : name) {
        if (c == '_' && out.length > 0) {
            upper = true;
        } else {
            out.add(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
            upper = false;
        }
    }
    return out;
}

}  // namespace detail

/// One field of a described struct, all of it known at compile time.
template <class Owner, std::size_t Index>
struct Field {
private:
    using Descriptor = boost::mp11::mp_at_c<detail::OwnMembers<Owner>, Index>;
    static constexpr std::size_t longest_ =
        2 + std::string_view(Descriptor::name).size() + detail::options_of<Owner>(Index).outside_name.size();

    static constexpr auto outside_ = [] {
        const std::string_view given = detail::options_of<Owner>(Index).outside_name;
        if (given.empty()) return detail::camel_case<longest_>(Descriptor::name);
        detail::ConstText<longest_> out;
        for (const char c : given) out.add(c);
        return out;
    }();
    static constexpr auto key_ = [] {
        detail::ConstText<longest_ + 3> out;
        out.add('"');
        for (const char c : outside_.view()) out.add(c);
        out.add('"');
        out.add(':');
        return out;
    }();

public:
    static constexpr auto pointer = Descriptor::pointer;
    using Type = std::remove_cvref_t<decltype(std::declval<const Owner&>().*pointer)>;

    static constexpr FieldOptions options = detail::options_of<Owner>(Index);
    /// As in the struct: `product_id`.
    static constexpr std::string_view name = Descriptor::name;
    /// As on the wire: `productId`.
    static constexpr std::string_view outside = outside_.view();
    /// As in JSON text: `"productId":`.
    static constexpr std::string_view json_key = key_.view();
};

/// Calls `visit(Field<...>{})` for every field, those of bases first. It is there at compile time only: what
/// is left of it are the calls, one after the other.
template <Described T, class Visit>
[[gnu::always_inline]] constexpr void for_each_field(Visit&& visit) {
    [&]<class... Base>(boost::mp11::mp_list<Base...>) {
        (for_each_field<typename Base::type>(visit), ...);
    }(boost::mp11::mp_rename<detail::Bases<T>, boost::mp11::mp_list>{});
    [&]<std::size_t... I> [[gnu::always_inline]] (std::index_sequence<I...>) {
        (visit(Field<T, I>{}), ...);
    }(std::make_index_sequence<detail::own_member_count<T>>{});
}

/// How many fields there are, with those of bases.
template <Described T>
constexpr std::size_t field_count() {
    std::size_t count = 0;
    for_each_field<T>([&](auto) { ++count; });
    return count;
}

/// What can be read about a field at run time.
struct FieldInfo {
    std::string_view name;     ///< `product_id`
    std::string_view outside;  ///< `productId`
    const FieldOptions* options;
};

/// All fields of a described struct, in order, for help texts and schemas.
template <Described T>
constexpr auto describe_fields() {
    std::array<FieldInfo, field_count<T>()> infos{};
    std::size_t next = 0;
    for_each_field<T>([&]<class F>(F) { infos[next++] = {F::name, F::outside, &F::options}; });
    return infos;
}

}  // namespace flotilla::reflect
