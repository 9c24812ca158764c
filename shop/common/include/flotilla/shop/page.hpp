#pragma once
/// Pages of a list: `?limit=&cursor=`, and the `Link` to the next one. A cursor names the last element seen,
/// not a position, so that rows that come meanwhile neither repeat nor hide others.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/http/response.hpp"
#include "flotilla/shop/problem.hpp"

namespace flotilla::shop {

inline constexpr std::int64_t default_page_limit = 100;
inline constexpr std::int64_t largest_page_limit = 1000;

/// Which part of a list is wanted.
struct PageRequest {
    std::int64_t limit = default_page_limit;
    /// The public id of the element before the first one that is wanted; empty for the beginning.
    std::string after;

    /// Of the query parameters. 400 for a limit outside 1 to 1000 and for a cursor that is none.
    static Outcome<PageRequest> of(
        std::optional<std::string_view> limit,
        std::optional<std::string_view> cursor,
        std::int64_t default_limit
    );
};

/// What stands for an element in a cursor: text that means nothing to clients.
std::string to_cursor(std::string_view public_id);
/// Nothing for what is no cursor of ours.
std::optional<std::string> from_cursor(std::string_view cursor);

/// Names the next page: relative to the URL that was asked for, so it is right behind any gateway. `query` is
/// what else the client asked for, `sort=newest`.
void link_next(
    http::Response& response, const PageRequest& page, std::string_view last_id, std::string_view query = {}
);

/// 400: the element that a cursor names is not there.
Problem unknown_cursor();

}  // namespace flotilla::shop
