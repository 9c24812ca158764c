#pragma once
/// Handler parameters by type: what a function takes says what it needs of the request.
///
///     Path<"id", int>            `{id}` of the route's pattern
///     Query<"page", int>         `?page=3`; required unless the type is std::optional<…> or std::vector<…>
///     Header<"X-Tenant">         a header, required likewise
///     Body<OrderIn>              JSON into a described struct, validated by the rules beside its fields;
///                                Body<std::string> is the text as it came
///     Request&, tracing::SpanRef the request itself; its span
///
/// What it returns is the answer: a described struct, list, map or reflect::Json (JSON, 200), std::string
/// (text), void (200, empty), Response, Reply<T> (a Response that tells what its body is), Created<T>,
/// std::optional<T> (nothing: 404 without a body), Result<T> (an error: its status and an error body), or a
/// Task of any of these. A handler may run on all loops at once.
///
/// A parameter that is missing or of another type is answered with 400 and its name, before the handler is
/// called.

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "flotilla/base/text.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/http/handler.hpp"
#include "flotilla/http/reply.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/reflect/type_info.hpp"
#include "flotilla/reflect/validate.hpp"

namespace flotilla::http {

/// Text as a template argument.
template <std::size_t N>
struct Name {
    constexpr Name(const char (&text)[N]) {
        std::copy_n(text, N, value);
    }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] constexpr std::string_view view() const { return {value, N - 1}; }

    char value[N]{};
};

namespace detail {

template <class T>
struct Holder {
    T value{};

    const T& operator*() const noexcept { return value; }

    const T* operator->() const noexcept { return &value; }
};

}  // namespace detail

template <Name name, class T = std::string>
struct Path : detail::Holder<T> {};

template <Name name, class T = std::string>
struct Query : detail::Holder<T> {};

template <Name name, class T = std::string>
struct Header : detail::Holder<T> {};

template <class T>
struct Body : detail::Holder<T> {};

/// 201 with the URL of what was made.
template <class T>
struct Created {
    T value;
    std::string location;
};

enum class ParameterPlace { path, query, header, body };

/// One parameter of a handler, for mappings and API descriptions.
struct ParameterInfo {
    ParameterPlace place = ParameterPlace::query;
    std::string name;
    std::string type;  ///< `integer`, `string`, `number`, `boolean`, or the name of a struct
    bool required = true;
    reflect::TypeInfo::Ref info = nullptr;
};

/// What a handler answers, likewise.
struct AnswerInfo {
    enum class Kind : std::uint8_t {
        unknown,  ///< it makes the response itself
        empty,
        text,
        json,
    };

    Kind kind = Kind::unknown;
    reflect::TypeInfo::Ref info = nullptr;  ///< of JSON
    bool own_status = false;                ///< the handler chooses it
    bool created = false;                   ///< 201 with a Location
    bool may_be_missing = false;            ///< 404 when there is nothing
};

/// A handler with its parameters bound to requests.
using BoundHandler = std::function<Pending(Request&, Response&, const ErrorRenderer&)>;

struct Binding {
    BoundHandler handler;
    std::vector<ParameterInfo> parameters;
    AnswerInfo answer;
    bool consumes_json = false;
    bool produces_json = false;
};

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

/// `OrderIn` of `shop::OrderIn`.
std::string simple_type_name(const char* mangled);

template <class T>
std::string type_text() {
    if constexpr (is_optional<T> || is_vector<T>)
        return type_text<typename T::value_type>();
    else if constexpr (std::same_as<T, bool>)
        return "boolean";
    else if constexpr (std::integral<T>)
        return "integer";
    else if constexpr (std::floating_point<T>)
        return "number";
    else if constexpr (std::same_as<T, std::string> || reflect::DescribedEnum<T>)
        return "string";
    else
        return simple_type_name(typeid(T).name());
}

std::optional<bool> parse_bool(std::string_view text) noexcept;

/// One value of a path, query or header parameter.
template <class T>
std::optional<T> convert(std::string_view text) {
    if constexpr (std::same_as<T, std::string>) {
        return std::string(text);
    } else if constexpr (std::same_as<T, bool>) {
        return parse_bool(text);
    } else if constexpr (std::integral<T>) {
        return parse_integer<T>(text);
    } else if constexpr (std::floating_point<T>) {
        return parse_double(text);
    } else if constexpr (reflect::DescribedEnum<T>) {
        return reflect::enum_from_text<T>(text);
    } else {
        static_assert(reflect::HasTextForm<T>, "give this type a reflect::TextForm to use it as a parameter");
        auto value = reflect::TextForm<T>::parse(text);
        if (!value) return std::nullopt;
        return std::move(*value);
    }
}

/// What is wrong with a request, if anything.
using Complaint = std::optional<ErrorDetails>;

Complaint missing(ParameterPlace place, std::string_view name);
Complaint not_convertible(std::string_view name, std::string_view value, std::string_view type);
/// Nothing when the body may be read as JSON.
Complaint check_json_body(const Request& request, Response& response);
/// Nothing when the client takes JSON.
Complaint check_json_answer(const Request& request, Response& response);
Complaint json_complaint(const Error& error);
Complaint validation_complaint(std::string object, const std::vector<reflect::Violation>& violations);

/// How each type of parameter is taken out of a request.
template <class Parameter>
struct Extractor {
    static_assert(
        sizeof(Parameter) == 0,
        "a handler takes Path, Query, Header, Body, Request& or tracing::SpanRef, by value"
    );
};

template <class T>
Complaint fill(T& into, ParameterPlace place, std::string_view name, std::optional<std::string_view> text) {
    if constexpr (is_optional<T>) {
        if (!text) return std::nullopt;
        auto value = convert<typename T::value_type>(*text);
        if (!value) return not_convertible(name, *text, type_text<T>());
        into = std::move(value);
    } else {
        if (!text) return missing(place, name);
        auto value = convert<T>(*text);
        if (!value) return not_convertible(name, *text, type_text<T>());
        into = std::move(*value);
    }
    return std::nullopt;
}

template <Name name, class T>
struct Extractor<Path<name, T>> {
    static void describe(Binding& binding) {
        binding.parameters.push_back(
            {ParameterPlace::path, std::string(name.view()), type_text<T>(), true, &reflect::type_info_of<T>}
        );
    }

    static Complaint extract(Request& request, Response&, Path<name, T>& into) {
        return fill(into.value, ParameterPlace::path, name.view(), request.path_parameter(name.view()));
    }
};

template <Name name, class T>
struct Extractor<Query<name, T>> {
    static constexpr bool required = !is_optional<T> && !is_vector<T>;

    static void describe(Binding& binding) {
        binding.parameters.push_back(
            {ParameterPlace::query,
             std::string(name.view()),
             type_text<T>(),
             required,
             &reflect::type_info_of<T>}
        );
    }

    static Complaint extract(Request& request, Response&, Query<name, T>& into) {
        if constexpr (is_vector<T>) {
            for (const auto& text : request.query_parameters(name.view())) {
                auto value = convert<typename T::value_type>(text);
                if (!value) return not_convertible(name.view(), text, type_text<T>());
                into.value.push_back(std::move(*value));
            }
            return std::nullopt;
        } else {
            const auto text = request.query_parameter(name.view());
            return fill(into.value, ParameterPlace::query, name.view(), text);
        }
    }
};

template <Name name, class T>
struct Extractor<Header<name, T>> {
    static void describe(Binding& binding) {
        binding.parameters.push_back(
            {ParameterPlace::header,
             std::string(name.view()),
             type_text<T>(),
             !is_optional<T>,
             &reflect::type_info_of<T>}
        );
    }

    static Complaint extract(Request& request, Response&, Header<name, T>& into) {
        const Field* field = request.fields().find(name.view());
        return fill(
            into.value,
            ParameterPlace::header,
            name.view(),
            field ? std::optional(field->value) : std::nullopt
        );
    }
};

template <class T>
struct Extractor<Body<T>> {
    static void describe(Binding& binding) {
        binding.parameters.push_back(
            {ParameterPlace::body, "", type_text<T>(), true, &reflect::type_info_of<T>}
        );
        binding.consumes_json = !std::same_as<T, std::string>;
    }

    static Complaint extract(Request& request, Response& response, Body<T>& into) {
        if constexpr (std::same_as<T, std::string>) {
            into.value = request.body();
            return std::nullopt;
        } else {
            if (auto complaint = check_json_body(request, response)) return complaint;
            const auto read =
                reflect::read_json(request.body(), into.value, {}, reflect::Leniency::jackson());
            if (!read) return json_complaint(read.error());
            if constexpr (reflect::Described<T>) {
                const auto violations = reflect::validate(into.value);
                if (!violations.empty()) return validation_complaint(type_text<T>(), violations);
            }
            return std::nullopt;
        }
    }
};

template <>
struct Extractor<std::reference_wrapper<Request>> {
    static void describe(Binding&) {}

    static Complaint extract(Request&, Response&, std::reference_wrapper<Request>&) { return std::nullopt; }
};

template <>
struct Extractor<tracing::SpanRef> {
    static void describe(Binding&) {}

    static Complaint extract(Request& request, Response&, tracing::SpanRef& into) {
        into = request.span();
        return std::nullopt;
    }
};

/// Parameters are kept by value; the request alone by reference.
template <class P>
using Kept = std::conditional_t<
    std::is_same_v<std::remove_cvref_t<P>, Request>,
    std::reference_wrapper<Request>,
    std::remove_cvref_t<P>>;

template <class P>
Kept<P> initial(Request& request) {
    if constexpr (std::is_same_v<Kept<P>, std::reference_wrapper<Request>>)
        return std::ref(request);
    else
        return {};
}

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;
template <class T>
inline constexpr bool is_created = false;
template <class T>
inline constexpr bool is_created<Created<T>> = true;
template <class T>
inline constexpr bool is_reply = false;
template <class T>
inline constexpr bool is_reply<Reply<T>> = true;
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

/// Whether an answer of this type is JSON, seen through what wraps it.
template <class T>
constexpr bool answers_json() {
    if constexpr (is_task<T> || is_result<T> || is_optional<T>)
        return answers_json<typename T::value_type>();
    else if constexpr (is_created<T>)
        return answers_json<decltype(T::value)>();
    else
        return !std::is_void_v<T> && !std::derived_from<T, Response> && !std::same_as<T, std::string> &&
               !std::same_as<T, Status>;
}

template <class T>
AnswerInfo answer_info() {
    using Kind = AnswerInfo::Kind;
    if constexpr (is_task<T> || is_result<T>) {
        return answer_info<typename T::value_type>();
    } else if constexpr (is_optional<T>) {
        AnswerInfo info = answer_info<typename T::value_type>();
        info.may_be_missing = true;
        return info;
    } else if constexpr (is_created<T>) {
        AnswerInfo info = answer_info<decltype(T::value)>();
        info.created = true;
        return info;
    } else if constexpr (is_reply<T>) {
        AnswerInfo info = answer_info<typename T::value_type>();
        info.own_status = true;
        return info;
    } else if constexpr (std::is_void_v<T>) {
        return {.kind = Kind::empty};
    } else if constexpr (std::same_as<T, std::string>) {
        return {.kind = Kind::text};
    } else if constexpr (answers_json<T>()) {
        return {.kind = Kind::json, .info = &reflect::type_info_of<T>};
    } else {
        return {.own_status = true};
    }
}

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view text_type = "text/plain;charset=UTF-8";

void answer_error(
    const Request& request, Response& response, const ErrorRenderer& errors, const Error& error
);

/// Turns what a handler returned into the response.
template <class T>
void answer(const Request& request, Response& response, const ErrorRenderer& errors, T&& value) {
    using Value = std::remove_cvref_t<T>;
    if constexpr (std::derived_from<Value, Response>) {
        response = std::forward<T>(value);
    } else if constexpr (std::same_as<Value, Status>) {
        response.status(value);
    } else if constexpr (is_result<Value>) {
        if (!value) {
            answer_error(request, response, errors, value.error());
        } else if constexpr (!std::is_void_v<typename Value::value_type>) {
            answer(request, response, errors, *std::forward<T>(value));
        }
    } else if constexpr (is_optional<Value>) {
        if (value)
            answer(request, response, errors, *std::forward<T>(value));
        else
            response.status(Status::not_found);
    } else if constexpr (is_created<Value>) {
        response.status(Status::created);
        if (!value.location.empty()) response.set("Location", value.location);
        answer(request, response, errors, std::forward<T>(value).value);
    } else if constexpr (std::same_as<Value, std::string>) {
        response.text_body(text_type) = std::forward<T>(value);
    } else {
        reflect::append_json(response.text_body(json_type), value);
    }
}

template <class F, class Returned, class Tuple>
Task<> run_coroutine(
    F& function, Tuple arguments, Request& request, Response& response, const ErrorRenderer& errors
) {
    if constexpr (std::is_void_v<typename Returned::value_type>) {
        co_await std::apply(function, std::move(arguments));
    } else {
        answer(request, response, errors, co_await std::apply(function, std::move(arguments)));
    }
}

template <class F, class Returned, class... P>
Binding bind_with(F function) {
    using Arguments = std::tuple<Kept<P>...>;
    Binding binding;
    (Extractor<Kept<P>>::describe(binding), ...);
    binding.produces_json = answers_json<Returned>();
    binding.answer = answer_info<Returned>();
    binding.handler = [function = std::move(function)](
                          Request& request, Response& response, const ErrorRenderer& errors
                      ) mutable -> Pending {
        Complaint complaint;
        if constexpr (answers_json<Returned>()) complaint = check_json_answer(request, response);
        Arguments arguments{initial<P>(request)...};
        if (!complaint) {
            std::apply(
                [&](auto&... each) {
                    // The first complaint ends it.
                    (void)(... || (complaint = Extractor<std::remove_reference_t<decltype(each)>>::extract(
                                       request, response, each
                                   )));
                },
                arguments
            );
        }
        if (complaint) {
            errors.render(request, *complaint, response);
            return std::nullopt;
        }
        if constexpr (is_task<Returned>) {
            return run_coroutine<F, Returned>(function, std::move(arguments), request, response, errors);
        } else if constexpr (std::is_void_v<Returned>) {
            std::apply(function, std::move(arguments));
            return std::nullopt;
        } else {
            answer(request, response, errors, std::apply(function, std::move(arguments)));
            return std::nullopt;
        }
    };
    return binding;
}

template <class F>
struct Signature : Signature<decltype(&F::operator())> {};

template <class R, class... P>
struct Signature<R (*)(P...)> {
    template <class F>
    static Binding bind(F function) {
        return bind_with<F, R, P...>(std::move(function));
    }
};

template <class C, class R, class... P>
struct Signature<R (C::*)(P...) const> : Signature<R (*)(P...)> {};

template <class C, class R, class... P>
struct Signature<R (C::*)(P...)> : Signature<R (*)(P...)> {};

}  // namespace detail

/// From a function, a function object or a lambda.
template <class F>
Binding bind_handler(F function) {
    return detail::Signature<F>::bind(std::move(function));
}

}  // namespace flotilla::http
