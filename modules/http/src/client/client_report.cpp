#include "client_report.hpp"

#include <fmt/format.h>

#include "flotilla/http/outcome.hpp"
#include "flotilla/tracing/http_rules.hpp"

namespace flotilla::http {

namespace {

/// More combinations than this on one host are looked up in the registry each time.
constexpr std::size_t max_timers = 1024;

std::string_view exception_of(const Error* error) noexcept {
    if (!error) return "none";
    return error->code() == Errc::cancelled ? "CancellationException" : "ResourceAccessException";
}

}  // namespace

void record_timer(ClientCore& core, ClientHost& host, const ClientReport& report, Duration taken) {
    metrics::Registry* meters = core.telemetry.meters;
    if (!meters) return;
    const std::string_view method =
        parse_method(report.method) == Method::other ? std::string_view("UNKNOWN") : report.method;
    const std::string_view exception = exception_of(report.error);
    std::string& key = host.timer_key;
    key.clear();
    fmt::format_to(
        std::back_inserter(key),
        "{} {} {} {} {}",
        report.status,
        method,
        exception,
        report.peer,
        report.uri_template
    );
    if (const auto known = host.timers.find(key); known != host.timers.end()) {
        known->second.record(taken);
        return;
    }
    const fmt::format_int status(report.status);
    const metrics::Timer timer = meters->timer(
        "http.client.requests",
        {{"client_name", report.peer},
         {"error", exception},
         {"exception", exception},
         {"method", method},
         {"outcome", report.status == 0 ? "UNKNOWN" : outcome_of_status(report.status)},
         {"status", report.status == 0 ? "CLIENT_ERROR" : std::string_view(status.data(), status.size())},
         {"uri", report.uri_template.empty() ? "none" : report.uri_template}},
        {.description = "Duration of HTTP client calls"}
    );
    if (host.timers.size() < max_timers) host.timers.emplace(key, timer);
    timer.record(taken);
}

void describe_span(
    const tracing::SpanRef& span, const ClientReport& report, const std::optional<runtime::Endpoint>& peer
) {
    const std::string address = peer ? peer->address() : std::string();
    const std::string error = report.error ? report.error->message() : std::string();
    const tracing::HttpExchange exchange{
        .method = report.method,
        .path = report.path,
        .route = report.uri_template,
        .status = report.status,
        .error = error,
    };
    const tracing::EndpointView remote{
        .service = report.peer, .ip = address, .port = peer ? peer->port() : std::uint16_t{0}
    };
    tracing::describe_http_client(span, exchange, remote);
}

}  // namespace flotilla::http
