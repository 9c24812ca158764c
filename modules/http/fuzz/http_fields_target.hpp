#pragma once
/// Any text as the value of each field that has a grammar of its own, and as a stream of events.

#include <cstdlib>
#include <string>

#include "flotilla/http/conditional.hpp"
#include "flotilla/http/cookies.hpp"
#include "flotilla/http/gzip.hpp"
#include "flotilla/http/http_date.hpp"
#include "flotilla/http/message_writer.hpp"
#include "flotilla/http/negotiation.hpp"
#include "flotilla/http/sse.hpp"

namespace flotilla::http::testing {

inline void read_field_values(std::string_view input) {
    const WallTime now{std::chrono::seconds{1'773'068'400}};
    constexpr std::string_view offers[] = {"application/json", "text/plain;charset=utf-8"};
    static_cast<void>(best_media_type(input, offers));
    static_cast<void>(best_content_coding(input));
    if (const auto media = MediaType::parse(input)) static_cast<void>(media->charset());
    if (const auto date = parse_http_date(input, now);
        date && parse_http_date(HttpDate(*date).text(), now) != date) {
        std::abort();
    }
    for (const auto& range : parse_range(input, 1000).ranges) {
        if (range.first > range.last || range.last >= 1000) std::abort();
    }
    Fields fields;
    for (const char* name :
         {"If-Match", "If-None-Match", "If-Modified-Since", "If-Range", "Range", "Cookie", "Connection"}) {
        fields.add(name, input);
    }
    static_cast<void>(check_preconditions(Method::get, fields, {.etag = "\"a\"", .last_modified = now}, now));
    static_cast<void>(choose_range(Method::get, fields, {.etag = "\"a\"", .last_modified = now}, 1000, now));
    static_cast<void>(find_cookie(fields, "a"));
    static_cast<void>(fields.has_token(KnownField::connection, "close"));

    const std::string text(input);
    const auto cookie = SetCookie{.name = "a", .value = text, .path = text, .domain = text}.to_field();
    if (cookie && !is_field_value(*cookie)) std::abort();

    std::string events;
    append_event(events, {.data = input, .event = input, .id = input});
    SseParser parser;
    int count = 0;
    static_cast<void>(parser.feed(events, [&](const SseMessage&) { ++count; }));
    if (count != 1 && input.size() < 100'000) std::abort();
    static_cast<void>(parser.feed(input, [](const SseMessage&) {}));
    static_cast<void>(gunzip(input, {.max_output = 1'000'000}));
}

}  // namespace flotilla::http::testing
