#include "flotilla/remote/call_error.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/http/http_date.hpp"

namespace flotilla::remote {

namespace {

/// From so many bytes on, a body is cut in a message ...
constexpr std::size_t long_body = 400;
/// ... to so many characters.
constexpr std::size_t shown_of_long_body = 200;

/// What a handler answers with that passes the error on: whose fault it is, not what the other side said.
std::error_code edge_code(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::invalid:
            return make_error_code(Errc::internal);
        case ErrorKind::no_instance:
        case ErrorKind::not_permitted:
        case ErrorKind::rejected:
            return make_error_code(Errc::unavailable);
        case ErrorKind::timeout:
        case ErrorKind::deadline:
            return make_error_code(Errc::timed_out);
        case ErrorKind::cancelled:
            return make_error_code(Errc::cancelled);
        case ErrorKind::connect:
        case ErrorKind::tls:
        case ErrorKind::reset:
        case ErrorKind::status:
        case ErrorKind::decode:
            return http::make_error_code(http::Status::bad_gateway);
    }
    return make_error_code(Errc::internal);
}

}  // namespace

std::string_view to_text(ErrorKind kind) noexcept {
    static constexpr std::array<std::string_view, 12> texts = {
        "invalid",
        "no_instance",
        "connect",
        "tls",
        "timeout",
        "deadline",
        "reset",
        "status",
        "decode",
        "not_permitted",
        "rejected",
        "cancelled"
    };
    return texts[static_cast<std::size_t>(kind)];
}

CallError::CallError(ErrorKind kind, std::string message)
    : CallError(kind, Error(edge_code(kind), std::move(message))) {}

std::string status_message(
    int status,
    std::string_view reason,
    std::string_view method,
    std::string_view url,
    std::string_view key,
    std::string_view body
) {
    std::string text = fmt::format(
        "[{}{}{}] during [{}] to [{}] [{}]: [", status, reason.empty() ? "" : " ", reason, method, url, key
    );
    if (body.size() < long_body) {
        text += body;
    } else {
        text += utf8_prefix(body, shown_of_long_body);
        fmt::format_to(std::back_inserter(text), "... ({} bytes)", body.size());
    }
    text += ']';
    return text;
}

std::optional<Duration> parse_retry_after(std::string_view text, WallTime now) {
    text = trim(text);
    if (const auto seconds = parse_double(text)) {
        constexpr double ten_years = 10 * 365 * 86'400.0;
        if (*seconds < 0 || *seconds != std::floor(*seconds) || *seconds > ten_years) return std::nullopt;
        return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
    }
    const auto date = http::parse_http_date(text, now);
    if (!date) return std::nullopt;
    return std::max(Duration::zero(), Duration(*date - now));
}

}  // namespace flotilla::remote
