#pragma once
/// The words that a declared method is made of, the same as handlers use, and how their values are written.
///
///     Path<"userId">                      `{userId}` of the path
///     Query<"page", std::optional<int>>   `?page=2`; left out when there is none; a vector comes as often as
///                                         it is long, Csv<int> in one text
///     QueryMap<Filter>                    a described struct or a map, each entry a parameter
///     Header<"X-Tenant">                  left out when it is an empty optional
///     HeaderMap<std::map<std::string, std::string>>
///     Body<OrderIn>                       JSON; Body<std::string> as it is
///     Form<Login>                         a described struct as an HTML form

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "flotilla/http/binding.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/remote/outgoing_request.hpp"
#include "flotilla/remote/parameter_text.hpp"

namespace flotilla::remote {

using http::Body;
using http::Header;
using http::Name;
using http::Path;
using http::Query;

template <class T>
struct QueryMap {};

template <class T>
struct HeaderMap {};

template <class T>
struct Form {};

/// A list in one parameter, as Feign's collection formats write it: `k=a%2Cb`.
template <class T, char separator>
struct Joined {};

template <class T>
using Csv = Joined<T, ','>;
template <class T>
using Ssv = Joined<T, ' '>;
template <class T>
using Tsv = Joined<T, '\t'>;
template <class T>
using Pipes = Joined<T, '|'>;

namespace detail {

/// What a call takes for a declared T: text as a view, everything else by reference.
template <class T>
struct ArgumentOf {
    using type = const T&;
};

template <>
struct ArgumentOf<std::string> {
    using type = std::string_view;
};

template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
struct ArgumentOf<T> {
    using type = T;
};

template <>
struct ArgumentOf<std::optional<std::string>> {
    using type = std::optional<std::string_view>;
};

template <class T, char separator>
struct ArgumentOf<Joined<T, separator>> {
    using type = const std::vector<T>&;
};

/// How each kind of parameter goes into a request. `Argument` is what a call takes, `Kept` a copy of it.
template <class P>
struct Parameter {
    static_assert(
        sizeof(P) == 0, "a declared method takes Path, Query, QueryMap, Header, HeaderMap, Body or Form"
    );
};

template <class T>
struct OfType {
    using Value = T;
    using Argument = typename ArgumentOf<T>::type;
    using Kept = T;
};

template <class T, char separator>
struct OfType<Joined<T, separator>> {
    using Value = std::vector<T>;
    using Argument = const std::vector<T>&;
    using Kept = std::vector<T>;
};

template <Name name, class T>
struct Parameter<Path<name, T>> : OfType<T> {
    static constexpr bool is_path = true;
    static constexpr bool is_body = false;

    static constexpr std::string_view path_name() { return name.view(); }

    static void encode(OutgoingRequest&, typename OfType<T>::Argument) {}
};

struct NoPath {
    static constexpr bool is_path = false;

    static constexpr std::string_view path_name() { return {}; }
};

template <Name name, class T>
struct Parameter<Query<name, T>> : OfType<T>, NoPath {
    static constexpr bool is_body = false;

    static void encode(OutgoingRequest& request, typename OfType<T>::Argument value) {
        add_query(request, name.view(), value);
    }
};

template <Name name, class T, char separator>
struct Parameter<Query<name, Joined<T, separator>>> : OfType<Joined<T, separator>>, NoPath {
    static constexpr bool is_body = false;

    static void encode(OutgoingRequest& request, const std::vector<T>& values) {
        std::string text;
        for (const auto& value : values) {
            if (&value != values.data()) text.push_back(separator);
            append_value(text, value);
        }
        request.query(name.view(), text);
    }
};

template <class T>
struct Parameter<QueryMap<T>> : OfType<T>, NoPath {
    static constexpr bool is_body = false;

    static void encode(OutgoingRequest& request, const T& values) {
        for_each_entry(values, [&](std::string_view name, const auto& value) {
            add_query(request, name, value);
        });
    }
};

template <Name name, class T>
struct Parameter<Header<name, T>> : OfType<T>, NoPath {
    static constexpr bool is_body = false;

    static void encode(OutgoingRequest& request, typename OfType<T>::Argument value) {
        add_header(request, name.view(), value);
    }
};

template <class T>
struct Parameter<HeaderMap<T>> : OfType<T>, NoPath {
    static constexpr bool is_body = false;

    static void encode(OutgoingRequest& request, const T& values) {
        for_each_entry(values, [&](std::string_view name, const auto& value) {
            add_header(request, name, value);
        });
    }
};

template <class T>
struct Parameter<Body<T>> : OfType<T>, NoPath {
    static constexpr bool is_body = true;

    static void encode(OutgoingRequest& request, typename OfType<T>::Argument value) {
        if constexpr (std::same_as<T, std::string>)
            request.body(std::string(value), "text/plain;charset=UTF-8");
        else
            request.json(value);
    }
};

template <class T>
struct Parameter<Form<T>> : OfType<T>, NoPath {
    static constexpr bool is_body = true;

    static void encode(OutgoingRequest& request, const T& values) {
        std::string text;
        for_each_entry(values, [&](std::string_view name, const auto& value) {
            using Field = std::remove_cvref_t<decltype(value)>;
            if constexpr (reflect::detail::is_optional<Field>) {
                if (value) http::append_urlencoded(text, name, value_text(*value));
            } else {
                http::append_urlencoded(text, name, value_text(value));
            }
        });
        request.body(std::move(text), "application/x-www-form-urlencoded");
    }
};

template <class P>
using Argument = typename Parameter<P>::Argument;

}  // namespace detail

}  // namespace flotilla::remote
