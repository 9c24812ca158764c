#pragma once
// Answers of the catalog that clients and proxies may keep.

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/http/conditional.hpp"
#include "flotilla/http/http_date.hpp"
#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/shop/catalog/kept_answers.hpp"

namespace flotilla::shop::catalog {

inline constexpr std::string_view cache_rule =
    "public, max-age=5, stale-while-revalidate=30, stale-if-error=60";

/// `Cache-Control: no-cache`: not from memory, however young it is.
inline bool wants_the_truth(const http::Request& request) {
    const http::Field* rule = request.fields().find(http::KnownField::cache_control);
    if (rule == nullptr) return false;
    const auto parts = split_list(rule->value);
    return std::ranges::any_of(parts, [](std::string_view part) { return iequals(part, "no-cache"); });
}

/// The answer with its validators; 304 without a body for a client that has it already.
inline http::Response kept_answer(
    const http::Request& request, const KeptAnswers::Answer& answer, WallTime now
) {
    const WallTime changed = answer->changed;
    http::Response response;
    response.set("ETag", answer->tag).set("Cache-Control", cache_rule);
    if (changed != WallTime{}) response.set("Last-Modified", http::HttpDate(changed).text());
    const http::Validators validators{
        .etag = answer->tag, .last_modified = changed == WallTime{} ? std::nullopt : std::optional(changed)
    };
    const auto verdict = http::check_preconditions(request.method(), request.fields(), validators, now);
    if (verdict == http::Precondition::not_modified)
        return std::move(response.status(http::Status::not_modified));
    if (verdict == http::Precondition::failed)
        return std::move(response.status(http::Status::precondition_failed));
    response.view_body("application/json", answer->body, answer);
    return response;
}

}  // namespace flotilla::shop::catalog
