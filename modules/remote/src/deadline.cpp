#include "flotilla/remote/deadline.hpp"

#include <algorithm>

#include "flotilla/base/task_context.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::remote {

namespace {

/// More than this is no limit at all.
constexpr std::int64_t longest_ms = std::int64_t{365} * 86'400 * 1000;

std::optional<Duration> parse_milliseconds(std::string_view text) {
    const auto ms = parse_integer<std::int64_t>(trim(text));
    if (!ms || *ms < 0) return std::nullopt;
    return std::chrono::milliseconds(std::min(*ms, longest_ms));
}

void lower(std::optional<Duration>& least, std::optional<Duration> other) {
    if (other && (!least || *other < *least)) least = other;
}

}  // namespace

std::optional<Duration> parse_grpc_timeout(std::string_view text) {
    text = trim(text);
    if (text.size() < 2 || text.size() > 9) return std::nullopt;
    const auto count = parse_integer<std::int64_t>(text.substr(0, text.size() - 1));
    if (!count || *count < 0) return std::nullopt;
    switch (text.back()) {
        case 'H':
            return std::chrono::hours(std::min<std::int64_t>(*count, longest_ms / 3'600'000));
        case 'M':
            return std::chrono::minutes(std::min<std::int64_t>(*count, longest_ms / 60'000));
        case 'S':
            return std::chrono::seconds(std::min<std::int64_t>(*count, longest_ms / 1000));
        case 'm':
            return std::chrono::milliseconds(*count);
        case 'u':
            return std::chrono::microseconds(*count);
        case 'n':
            return std::chrono::nanoseconds(*count);
        default:
            return std::nullopt;
    }
}

std::optional<Duration> time_left(const http::Fields& fields) {
    constexpr std::string_view ours = "X-Request-Deadline-Ms";
    constexpr std::string_view grpc = "grpc-timeout";
    constexpr std::string_view envoy = "X-Envoy-Expected-Rq-Timeout-Ms";
    std::optional<Duration> least;
    for (const auto& field : fields) {
        // Most requests have none of them: a look at the length is enough.
        switch (field.name.size()) {
            case ours.size():
                if (iequals(field.name, ours)) lower(least, parse_milliseconds(field.value));
                break;
            case grpc.size():
                if (iequals(field.name, grpc)) lower(least, parse_grpc_timeout(field.value));
                break;
            case envoy.size():
                if (iequals(field.name, envoy)) lower(least, parse_milliseconds(field.value));
                break;
            default:
                break;
        }
    }
    return least;
}

void honour_deadlines(http::Router& router) {
    router.before("/", [errors = router.errors()](http::Request& request, http::Response& response) {
        const auto left = time_left(request.fields());
        if (!left) return false;
        const Deadline deadline = Deadline::after(request.received(), *left);
        if (deadline.passed(runtime::EventLoop::current().now())) {
            errors.render(
                request,
                {.status = http::Status::gateway_timeout, .message = "The caller's deadline has passed."},
                response
            );
            return true;
        }
        TaskContext& task = TaskContext::current();
        task.deadline = task.deadline.or_sooner(deadline);
        return false;
    });
}

}  // namespace flotilla::remote
