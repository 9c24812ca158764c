// What an answer, or its absence, means.

#include <fmt/format.h>

#include <algorithm>

#include "client.hpp"
#include "flotilla/base/encoding.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/error.hpp"
#include "remote_core.hpp"

namespace flotilla::remote::detail {

namespace {

/// So much of a body is kept with an error.
constexpr std::size_t kept_body = 8 * 1024;

/// The HTTP client tells the phase in its text alone: before anything was sent, another kind of failure.
ErrorKind kind_of(const Error& error) {
    const std::error_code code = error.code();
    const bool in_handshake = error.context().find("TLS handshake with") != std::string::npos;
    if (code == Errc::timed_out) {
        const bool connecting = error.context().find(" connecting to ") != std::string::npos;
        return connecting ? ErrorKind::connect : ErrorKind::timeout;
    }
    if (code == Errc::cancelled) return ErrorKind::cancelled;
    if (in_handshake) return ErrorKind::tls;
    if (code == Errc::refused || code == Errc::unavailable || code == Errc::not_found)
        return ErrorKind::connect;
    if (code == Errc::invalid_argument || code == Errc::unsupported) return ErrorKind::invalid;
    // A pool without room has told nothing to anybody.
    if (code == Errc::limit_exceeded)
        return error.context().find("connection") != std::string::npos ? ErrorKind::rejected
                                                                       : ErrorKind::decode;
    return code == Errc::malformed ? ErrorKind::decode : ErrorKind::reset;
}

}  // namespace

CallError Method::wire_error(const Error& error) const {
    const std::string_view who = client_.spec.service;
    const std::string text = who.empty() ? error.message() : fmt::format("{}: {}", who, error.message());
    if (error.code() == Errc::timed_out &&
        TaskContext::current().deadline.left(core_.clock.now()) <= deadline_margin)
        return {ErrorKind::deadline, text};
    return {kind_of(error), text};
}

CallError Method::too_late(bool callers_deadline) const {
    const std::string_view who = client_.spec.service.empty() ? client_.spec.base : client_.spec.service;
    if (callers_deadline)
        return {ErrorKind::deadline, fmt::format("{}: {}: the caller's deadline has passed", who, key_)};
    return {ErrorKind::timeout, fmt::format("{}: {}: the time for the call is over", who, key_)};
}

CallError Method::status_error(const OutgoingRequest& request, const http::ClientResponse& response) const {
    const std::string url = request.url();
    const auto retry_after = parse_retry_after(response.header("Retry-After"), core_.clock.wall_now());
    std::string body(utf8_prefix(response.body(), kept_body));
    if (client_.spec.error_decoder) {
        auto decoded = client_.spec.error_decoder(
            {.key = key_, .method = request.method_text(), .url = url, .response = response}
        );
        if (decoded) {
            decoded->answered(
                decoded->status() == 0 ? response.status() : decoded->status(), std::move(body), retry_after
            );
            return std::move(*decoded);
        }
    }
    CallError error(
        ErrorKind::status,
        status_message(
            response.status(), response.reason(), request.method_text(), url, key_, response.body()
        )
    );
    error.answered(response.status(), std::move(body), retry_after);
    return error;
}

Method::Failure Method::conclude(const OutgoingRequest& request, http::ClientResponse& response, Call& call)
    const {
    const int status = response.status();
    if (call.raw) {
        Failure failure;
        if (status >= 400) failure = status_error(request, response);
        call.raw->emplace(std::move(response));
        return failure;
    }
    if (status / 100 != 2) {
        // An empty value, whatever the body says.
        if (status == 404 && client_.spec.settings.dismiss404 && call.slot.decode) return std::nullopt;
        return status_error(request, response);
    }
    if (!call.slot.decode || status == 204 || status == 205) return std::nullopt;
    if (response.body().empty()) return std::nullopt;
    const auto decoded = call.slot.decode(call.slot.into, response);
    if (decoded) return std::nullopt;
    CallError error(
        ErrorKind::decode,
        fmt::format(
            "{}: {} {}: {}",
            client_.spec.context_id,
            request.method_text(),
            request.url(),
            decoded.error().message()
        )
    );
    error.answered(status, std::string(utf8_prefix(response.body(), kept_body)), std::nullopt);
    return error;
}

}  // namespace flotilla::remote::detail
