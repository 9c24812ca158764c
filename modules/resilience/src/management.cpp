#include "flotilla/resilience/management.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/reflect/print.hpp"

namespace flotilla::resilience {

namespace {

using reflect::Json;

Json metrics_json(CircuitBreaker& breaker, TimePoint now) {
    const BreakerState state = breaker.state(now);
    const BreakerMetrics metrics = breaker.metrics(now);
    return Json::object({
        {"failureRate", percent_text(metrics.failure_rate)},
        {"slowCallRate", percent_text(metrics.slow_call_rate)},
        {"failureRateThreshold", percent_text(breaker.config().failure_rate_threshold)},
        {"slowCallRateThreshold", percent_text(breaker.config().slow_call_rate_threshold)},
        {"bufferedCalls", metrics.buffered_calls},
        {"failedCalls", metrics.failed_calls},
        {"slowCalls", metrics.slow_calls},
        {"slowFailedCalls", metrics.slow_failed_calls},
        {"notPermittedCalls", metrics.not_permitted_calls},
        {"state", to_string(state)},
    });
}

template <class Policy>
void append_names(Json& names, const Registry<Policy>& registry) {
    for (const Policy* policy : registry.all()) names.push_back(policy->name());
}

template <class Policy>
Json names_json(const char* key, const Registry<Policy>& registry) {
    Json names = Json::array();
    append_names(names, registry);
    return Json::object({{key, std::move(names)}});
}

Json or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

std::string creation_time(const Event& event, const Clock& clock) {
    return format_iso_time(clock.wall_now() - (clock.now() - event.at)) + "[Etc/UTC]";
}

struct Named {
    const std::string* name;
    Event event;
    std::size_t order;  ///< of finding
};

template <class Policy>
void collect(
    const Registry<Policy>& registry,
    const EventFilter& filter,
    std::optional<EventType> type,
    std::vector<Named>& out
) {
    for (const Policy* policy : registry.all()) {
        if (!filter.name.empty() && policy->name() != filter.name) continue;
        for (Event& event : policy->events().recent()) {
            if (!type || event.type == *type) out.push_back({&policy->name(), std::move(event), out.size()});
        }
    }
}

template <class Render, class... Policy>
Result<Json> events_json(
    const char* key, const EventFilter& filter, const Render& render, const Registry<Policy>&... registries
) {
    std::optional<EventType> type;
    if (!filter.type.empty()) {
        type = event_type_of(filter.type);
        if (!type) return fail(Errc::invalid_argument, "no type of events is called '" + filter.type + "'");
    }
    std::vector<Named> found;
    (collect(registries, filter, type, found), ...);
    std::sort(found.begin(), found.end(), [](const Named& a, const Named& b) {
        return std::tie(a.event.at, a.order) < std::tie(b.event.at, b.order);
    });
    Json events = Json::array();
    for (const Named& one : found) events.push_back(render(*one.name, one.event));
    return Json::object({{key, std::move(events)}});
}

/// Name, type and time: all that limiters and bulkheads tell.
auto short_event(const char* name_key, const Clock& clock) {
    return [name_key, &clock](const std::string& name, const Event& event) {
        return Json::object({
            {name_key, name},
            {"type", to_string(event.type)},
            {"creationTime", creation_time(event, clock)},
        });
    };
}

}  // namespace

std::string percent_text(float rate) {
    std::string text;
    if (rate > 0 && rate < 1e-3F) {  // Java: 9.765625E-4
        char digits[32];
        const auto end =
            std::to_chars(digits, digits + sizeof digits, rate, std::chars_format::scientific).ptr;
        const std::string_view whole(digits, static_cast<std::size_t>(end - digits));
        const std::size_t exponent = whole.find('e');
        text = whole.substr(0, exponent);
        if (text.find('.') == text.npos) text += ".0";
        text += "E-" + std::string(whole.substr(whole.find_first_not_of('0', exponent + 2)));
    } else {
        reflect::print::number(text, rate);
    }
    return text + "%";
}

Json circuit_breakers_json(Policies& policies, TimePoint now) {
    Json breakers = Json::object();
    for (CircuitBreaker* breaker : policies.circuit_breakers().all()) {
        breakers.set(breaker->name(), metrics_json(*breaker, now));
    }
    return Json::object({{"circuitBreakers", std::move(breakers)}});
}

Result<Json> update_circuit_breaker(
    Policies& policies, std::string_view name, std::string_view update_state, TimePoint now
) {
    BreakerState state{};
    if (iequals(update_state, "CLOSE")) {
        state = BreakerState::closed;
    } else if (iequals(update_state, "FORCE_OPEN")) {
        state = BreakerState::forced_open;
    } else if (iequals(update_state, "DISABLE")) {
        state = BreakerState::disabled;
    } else {
        return fail(Errc::invalid_argument, "updateState must be CLOSE, FORCE_OPEN or DISABLE");
    }
    CircuitBreaker* const breaker = policies.circuit_breakers().find(name);
    if (!breaker) return fail(Errc::not_found, "no circuit breaker is called '" + std::string(name) + "'");
    FLT_CHECK(breaker->transition_to(state, now));
    return Json::object({
        {"circuitBreakerName", breaker->name()},
        {"currentState", to_string(state)},
        {"message", breaker->name() + " state has been changed successfully"},
    });
}

Json retries_json(const Policies& policies) {
    return names_json("retries", policies.retries());
}

Json rate_limiters_json(const Policies& policies) {
    return names_json("rateLimiters", policies.rate_limiters());
}

Json bulkheads_json(const Policies& policies) {
    Json names = Json::array();
    append_names(names, policies.bulkheads());
    append_names(names, policies.queue_bulkheads());
    auto& sorted = names.elements();
    std::sort(sorted.begin(), sorted.end(), [](const Json& a, const Json& b) {
        return *a.as_string() < *b.as_string();
    });
    return Json::object({{"bulkheads", std::move(names)}});
}

Json time_limiters_json(const Policies& policies) {
    return names_json("timeLimiters", policies.time_limiters());
}

Json timers_json(const Policies& policies) {
    return names_json("timers", policies.timers());
}

Json circuit_breaker_event_json(std::string_view name, const Event& event, const Clock& clock) {
    using std::chrono::milliseconds;
    return Json::object({
        {"circuitBreakerName", name},
        {"type", to_string(event.type)},
        {"creationTime", creation_time(event, clock)},
        {"errorMessage", or_null(event.message)},
        {"durationInMs",
         event.duration ? Json(std::chrono::duration_cast<milliseconds>(*event.duration).count()) : Json()},
        {"stateTransition", event.transition.empty() ? Json() : Json(event.transition)},
    });
}

Result<Json> circuit_breaker_events_json(const Policies& policies, const EventFilter& filter) {
    const auto render = [&](const std::string& name, const Event& event) {
        return circuit_breaker_event_json(name, event, policies.clock());
    };
    return events_json("circuitBreakerEvents", filter, render, policies.circuit_breakers());
}

Result<Json> retry_events_json(const Policies& policies, const EventFilter& filter) {
    const auto render = [&](const std::string& name, const Event& event) {
        return Json::object({
            {"retryName", name},
            {"type", to_string(event.type)},
            {"creationTime", creation_time(event, policies.clock())},
            {"errorMessage", or_null(event.message)},
            {"numberOfAttempts", event.attempts},
        });
    };
    return events_json("retryEvents", filter, render, policies.retries());
}

Result<Json> rate_limiter_events_json(const Policies& policies, const EventFilter& filter) {
    const auto render = short_event("rateLimiterName", policies.clock());
    return events_json("rateLimiterEvents", filter, render, policies.rate_limiters());
}

Result<Json> bulkhead_events_json(const Policies& policies, const EventFilter& filter) {
    const auto render = short_event("bulkheadName", policies.clock());
    return events_json("bulkheadEvents", filter, render, policies.bulkheads(), policies.queue_bulkheads());
}

Result<Json> time_limiter_events_json(const Policies& policies, const EventFilter& filter) {
    const auto render = short_event("timeLimiterName", policies.clock());
    return events_json("timeLimiterEvents", filter, render, policies.time_limiters());
}

Result<Json> timer_events_json(const Policies& policies, const EventFilter& filter) {
    const auto render = [&](const std::string& name, const Event& event) {
        return Json::object({
            {"timerName", name},
            {"type", to_string(event.type)},
            {"creationTime", creation_time(event, policies.clock())},
            {"operationDuration", event.duration ? Json(format_iso_duration(*event.duration)) : Json()},
        });
    };
    return events_json("timerEvents", filter, render, policies.timers());
}

std::vector<PolicyHealth> circuit_breakers_health(Policies& policies, TimePoint now) {
    std::vector<PolicyHealth> healths;
    for (CircuitBreaker* breaker : policies.circuit_breakers().all()) {
        if (!breaker->config().register_health_indicator) continue;
        Json details = metrics_json(*breaker, now);
        std::string status = "UNKNOWN";
        switch (breaker->state()) {
            case BreakerState::closed:
                status = "UP";
                break;
            case BreakerState::open:
                status = breaker->config().allow_health_indicator_to_fail ? "DOWN" : "CIRCUIT_OPEN";
                break;
            case BreakerState::half_open:
                status = "CIRCUIT_HALF_OPEN";
                break;
            default:
                break;
        }
        healths.push_back({breaker->name(), std::move(status), std::move(details)});
    }
    return healths;
}

std::vector<PolicyHealth> rate_limiters_health(Policies& policies, TimePoint now) {
    std::vector<PolicyHealth> healths;
    for (const RateLimiter* limiter : policies.rate_limiters().all()) {
        if (!limiter->config().register_health_indicator) continue;
        const std::int64_t available = limiter->available_permissions(now);
        std::string status = "UP";
        if (available <= 0 && limiter->waiting() > 0) {
            status = limiter->config().allow_health_indicator_to_fail ? "DOWN" : "RATE_LIMITED";
        }
        healths.push_back({
            limiter->name(),
            std::move(status),
            Json::object({{"availablePermissions", available}, {"numberOfWaitingThreads", limiter->waiting()}}
            ),
        });
    }
    return healths;
}

}  // namespace flotilla::resilience
