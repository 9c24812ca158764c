#include "flotilla/tracing/http_rules.hpp"

#include <algorithm>
#include <charconv>

#include "flotilla/base/text.hpp"

namespace flotilla::tracing {

namespace {

void tag_exchange(const SpanRef& span, const HttpExchange& exchange) {
    span.tag_if_absent("http.method", exchange.method);
    span.tag_if_absent("http.path", exchange.path.substr(0, exchange.path.find('?')));
    const int status = exchange.status;
    char digits[12];
    const std::string_view status_text(digits, std::to_chars(digits, digits + sizeof digits, status).ptr);
    if (status != 0 && (status < 200 || status > 299)) span.tag_if_absent("http.status_code", status_text);
    if (!exchange.error.empty())
        span.error(exchange.error);
    else if (status != 0 && (status < 100 || status > 399))
        span.error(status_text);
}

/// Only the look of an address: digits, colons and dots.
bool looks_like_address(std::string_view text) noexcept {
    const bool clean = std::ranges::all_of(text, [](char c) {
        const char lower = ascii_lower(c);
        return is_ascii_digit(c) || (lower >= 'a' && lower <= 'f') || c == '.' || c == ':';
    });
    return clean && text.size() >= 2 && text.size() <= 45 &&
           text.find_first_of(".:") != std::string_view::npos;
}

}  // namespace

std::string http_server_span_name(const HttpExchange& exchange) {
    std::string name = to_lower(exchange.method);
    if (!exchange.route.empty())
        name.append(" ").append(to_lower(exchange.route));
    else if (exchange.status == 404)
        name += " not_found";
    else if (exchange.status >= 300 && exchange.status <= 399)
        name += " redirected";
    return name;
}

void describe_http_server(const SpanRef& span, const HttpExchange& exchange, const EndpointView& peer) {
    if (!span.recording()) return;
    if (span.data()->name().empty()) span.name(http_server_span_name(exchange));
    tag_exchange(span, exchange);
    if (!peer.empty()) span.remote(peer);
}

void describe_http_client(const SpanRef& span, const HttpExchange& exchange, const EndpointView& peer) {
    if (!span.recording()) return;
    if (span.data()->name().empty()) span.name(exchange.method);
    tag_exchange(span, exchange);
    if (!peer.empty()) span.remote(peer);
}

std::string_view forwarded_client(std::string_view x_forwarded_for) noexcept {
    std::string_view first = trim(x_forwarded_for.substr(0, x_forwarded_for.find(',')));
    if (first.starts_with('[')) {
        first = first.substr(1, first.find(']') == std::string_view::npos ? 0 : first.find(']') - 1);
    } else if (std::ranges::count(first, ':') == 1) {
        first = first.substr(0, first.find(':'));
    }
    return looks_like_address(first) ? first : std::string_view{};
}

}  // namespace flotilla::tracing
