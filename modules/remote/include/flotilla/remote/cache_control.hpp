#pragma once
/// The `Cache-Control` field (RFC 9111, 5.2).

#include <chrono>
#include <optional>
#include <string_view>

#include "flotilla/http/fields.hpp"

namespace flotilla::remote {

/// Of directives that come twice the most restrictive counts; those that are not known are passed over. Times
/// that are no numbers count as 0, for the same reason.
struct CacheControl {
    using Seconds = std::chrono::seconds;

    bool no_store = false;
    bool no_cache = false;
    bool is_private = false;
    bool is_public = false;
    bool must_revalidate = false;
    bool proxy_revalidate = false;
    bool immutable = false;
    bool only_if_cached = false;
    bool max_stale_any = false;  ///< `max-stale` without a number
    std::optional<Seconds> max_age{};
    std::optional<Seconds> s_maxage{};
    std::optional<Seconds> min_fresh{};
    std::optional<Seconds> max_stale{};
    std::optional<Seconds> stale_while_revalidate{};
    std::optional<Seconds> stale_if_error{};

    /// One field's value; call it for each.
    void add(std::string_view value);

    /// All fields of that name; `Pragma: no-cache` where there is none, as HTTP/1.0 has it.
    static CacheControl of(const http::Fields& fields);
};

}  // namespace flotilla::remote
