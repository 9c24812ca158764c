#pragma once
// Answers of the catalog that clients and proxies may keep.

#include <string_view>

#include "flotilla/http/conditional.hpp"
#include "flotilla/http/http_date.hpp"
#include "flotilla/http/reply.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/reflect/json.hpp"

namespace flotilla::shop::catalog {

inline constexpr std::string_view cache_rule =
    "public, max-age=5, stale-while-revalidate=30, stale-if-error=60";

/// The value as JSON with its validators; 304 without a body for a client that has it already.
template <class T>
http::Reply<T> kept_answer(
    const http::Request& request, const T& value, const std::string& tag, WallTime changed, WallTime now
) {
    http::Response response;
    response.set("ETag", tag).set("Cache-Control", cache_rule);
    if (changed != WallTime{}) response.set("Last-Modified", http::HttpDate(changed).text());
    const http::Validators validators{
        .etag = tag, .last_modified = changed == WallTime{} ? std::nullopt : std::optional(changed)
    };
    const auto verdict = http::check_preconditions(request.method(), request.fields(), validators, now);
    if (verdict == http::Precondition::not_modified)
        return std::move(response.status(http::Status::not_modified));
    if (verdict == http::Precondition::failed)
        return std::move(response.status(http::Status::precondition_failed));
    reflect::append_json(response.text_body("application/json"), value);
    return response;
}

}  // namespace flotilla::shop::catalog
