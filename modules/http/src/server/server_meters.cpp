#include "server_meters.hpp"

#include <string>

#include "flotilla/http/outcome.hpp"
#include "flotilla/http/router.hpp"

namespace flotilla::http {

namespace {

using namespace std::chrono_literals;

std::string method_of(const Request& request) {
    return request.method() == Method::other ? "UNKNOWN" : std::string(request.method_text());
}

std::string uri_of(const Request& request, int status) {
    if (request.route()) return request.route()->pattern;
    if (status == 404) return "NOT_FOUND";
    if (status >= 300 && status < 400) return "REDIRECTION";
    return "UNKNOWN";
}

std::uint64_t key_of(const Request& request, const Response& response) {
    const std::uint64_t route = request.route() ? request.route()->id + 1 : 0;
    return metrics::cache_key(
        route,
        static_cast<std::uint64_t>(code_of(response.status())),
        static_cast<std::uint64_t>(request.method())
    );
}

}  // namespace

metrics::Timer ServerMeters::make_timer(const Request& request, const Response& response) {
    const int status = code_of(response.status());
    const std::string exception = response.exception.empty() ? "none" : std::string(response.exception);
    return registry_->timer(
        "http.server.requests",
        {{"error", exception},
         {"exception", exception},
         {"method", method_of(request)},
         {"outcome", std::string(reason_phrase(status).empty() ? "UNKNOWN" : outcome_of_status(status))},
         {"status", std::to_string(status)},
         {"uri", uri_of(request, status)}},
        {.description = "Duration of HTTP server request handling",
         .slo = {5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2500ms, 5s, 10s}}
    );
}

void ServerMeters::record(const Request& request, const Response& response, Duration taken) {
    if (!registry_) return;
    if (!response.exception.empty()) {
        make_timer(request, response).record(taken);
        return;
    }
    timers_.get(key_of(request, response), [&] { return make_timer(request, response); }).record(taken);
}

metrics::LongTaskTimer::Task ServerMeters::start_active(const Request& request, TimePoint now) {
    if (!registry_) return {};
    const auto timer = active_.get(metrics::cache_key(static_cast<std::uint64_t>(request.method())), [&] {
        return registry_->long_task_timer(
            "http.server.requests.active",
            {{"exception", "none"},
             {"method", method_of(request)},
             {"outcome", "SUCCESS"},
             {"status", "200"},
             {"uri", "UNKNOWN"}},
            {.description = "HTTP requests that are being handled"}
        );
    });
    return timer.start(now);
}

}  // namespace flotilla::http
