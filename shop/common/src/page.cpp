#include "flotilla/shop/page.hpp"

#include <fmt/format.h>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::shop {

namespace {

/// In front of the id, so that another kind of text is not taken for a cursor.
constexpr std::string_view mark = "after:";

}  // namespace

Outcome<PageRequest> PageRequest::of(
    std::optional<std::string_view> limit, std::optional<std::string_view> cursor, std::int64_t default_limit
) {
    PageRequest page{.limit = default_limit, .after = {}};
    if (limit) {
        const auto wanted = parse_integer<std::int64_t>(*limit);
        if (!wanted || *wanted < 1 || *wanted > largest_page_limit) {
            return refuse(Problem::invalid(
                {{"limit", fmt::format("limit must be a number from 1 to {}", largest_page_limit)}}
            ));
        }
        page.limit = *wanted;
    }
    if (cursor) {
        auto after = from_cursor(*cursor);
        if (!after) return refuse(unknown_cursor());
        page.after = *std::move(after);
    }
    return page;
}

std::string to_cursor(std::string_view public_id) {
    return to_base64url(std::string(mark).append(public_id));
}

std::optional<std::string> from_cursor(std::string_view cursor) {
    const auto text = from_base64url(cursor);
    if (!text || !text->starts_with(mark) || text->size() == mark.size() || !is_valid_utf8(*text))
        return std::nullopt;
    return text->substr(mark.size());
}

void link_next(
    http::Response& response, const PageRequest& page, std::string_view last_id, std::string_view query
) {
    response.add(
        "Link",
        fmt::format(
            "<?limit={}&cursor={}{}{}>; rel=\"next\"",
            page.limit,
            to_cursor(last_id),
            query.empty() ? "" : "&",
            query
        )
    );
}

Problem unknown_cursor() {
    return Problem::invalid({{"cursor", "cursor must be one that an earlier page gave"}});
}

}  // namespace flotilla::shop
