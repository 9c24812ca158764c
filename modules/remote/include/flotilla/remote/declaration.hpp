#pragma once
/// What the compiler checks about a declared method: that its path and its parameters belong together.

#include <cstddef>
#include <string_view>
#include <utility>

#include "flotilla/remote/parameters.hpp"

namespace flotilla::remote::detail {

constexpr std::size_t placeholder_count(std::string_view path) {
    std::size_t count = 0;
    for (const char c : path) count += c == '{' ? 1 : 0;
    return count;
}

/// Where the i-th placeholder begins and ends, brackets included.
constexpr std::pair<std::size_t, std::size_t> placeholder_at(std::string_view path, std::size_t index) {
    std::size_t open = path.find('{');
    while (index-- > 0) open = path.find('{', open + 1);
    return {open, path.find('}', open) + 1};
}

constexpr std::string_view placeholder_name(std::string_view path, std::size_t index) {
    const auto [open, end] = placeholder_at(path, index);
    return path.substr(open + 1, end - open - 2);
}

template <std::size_t length>
constexpr Name<length + 1> name_of(std::string_view text) {
    char copy[length + 1]{};
    for (std::size_t i = 0; i < length; ++i) copy[i] = text[i];
    return Name<length + 1>(copy);
}

template <Name name, class P>
inline constexpr bool is_path_named = false;
template <Name name, Name other, class T>
inline constexpr bool is_path_named<name, Path<other, T>> = name.view() == other.view();

/// Their template arguments are what the compiler shows.
template <Name placeholder, class... P>
struct Placeholder {
    static_assert(
        (is_path_named<placeholder, P> || ...),
        "this placeholder of the path has no argument Path<...> of its name"
    );
    static constexpr bool bound = true;
};

constexpr bool has_placeholder(std::string_view path, std::string_view name) {
    for (std::size_t i = 0; i < placeholder_count(path); ++i) {
        if (placeholder_name(path, i) == name) return true;
    }
    return false;
}

template <Name path, class P>
struct PathArgument {
    static_assert(
        !Parameter<P>::is_path || has_placeholder(path.view(), Parameter<P>::path_name()),
        "this Path<...> argument has no placeholder in the path"
    );
    static constexpr bool bound = true;
};

template <Name path, class... P>
constexpr bool check_declaration() {
    constexpr std::size_t count = placeholder_count(path.view());
    static_assert(path.view().starts_with('/'), "the path of a declared method begins with a slash");
    static_assert((0 + ... + (Parameter<P>::is_body ? 1 : 0)) <= 1, "a declared method has one body");
    const bool placeholders = []<std::size_t... I>(std::index_sequence<I...>) {
        return (
            true && ... &&
            Placeholder<
                name_of<placeholder_name(path.view(), I).size()>(placeholder_name(path.view(), I)),
                P...>::bound
        );
    }(std::make_index_sequence<count>{});
    return placeholders && (true && ... && PathArgument<path, P>::bound);
}

}  // namespace flotilla::remote::detail
