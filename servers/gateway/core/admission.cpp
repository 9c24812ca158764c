#include "flotilla/gateway/admission.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/assert.hpp"

namespace flotilla::gateway {

namespace {

constexpr auto limit_meter = "flotilla.gateway.admission.limit";
constexpr auto inflight_meter = "flotilla.gateway.admission.inflight";
constexpr auto refused_meter = "flotilla.gateway.admission.refused";

std::unexpected<Error> wrong(std::string_view name, std::string why) {
    return fail(
        Errc::invalid_argument, fmt::format("flotilla.gateway.admission.{}: {}", name, std::move(why))
    );
}

}  // namespace

Result<resilience::ConcurrencyLimit> AdmissionConfig::limit() const {
    if (min_limit < 1) return wrong("min-limit", "must be at least 1");
    if (max_limit < min_limit) return wrong("max-limit", "is less than min-limit");
    if (initial_limit < 1 ||
        (algorithm != "fixed" && (initial_limit < min_limit || initial_limit > max_limit)))
        return wrong("initial-limit", "is not between min-limit and max-limit");
    if (status != 503 && status != 429) return wrong("status", "is neither 503 nor 429");
    if (algorithm == "fixed") return resilience::FixedLimit(initial_limit);
    if (algorithm == "aimd")
        return resilience::AimdLimit(
            {.initial_limit = initial_limit, .min_limit = min_limit, .max_limit = max_limit}
        );
    if (algorithm == "gradient2")
        return resilience::Gradient2Limit(
            {.initial_limit = initial_limit, .min_limit = min_limit, .max_limit = max_limit}
        );
    return wrong("algorithm", fmt::format("'{}' is none of gradient2, aimd, fixed", algorithm));
}

Admission::Admission(AdmissionConfig config, metrics::Registry& meters)
    : config_(std::move(config)), meters_(meters) {}

Admission::~Admission() {
    for (const auto& [target, limiter] : limiters_)
        for (const auto* name : {limit_meter, inflight_meter, refused_meter})
            meters_.remove(name, {{"target", target}});
}

resilience::AdaptiveLimiter* Admission::limiter_of(const std::string& target) {
    if (!config_.enabled) return nullptr;
    if (const auto known = limiters_.find(target); known != limiters_.end()) return known->second.get();
    const auto limit = config_.limit();
    FLT_ASSERT(limit);
    auto made = std::make_unique<resilience::AdaptiveLimiter>(
        target, resilience::AdaptiveLimiterConfig{.limit = *limit}
    );
    auto* const limiter = made.get();
    meters_.gauge(
        limit_meter,
        {{"target", target}},
        [limiter] { return static_cast<double>(limiter->limit()); },
        {.description = "Calls that a service is given at once"}
    );
    meters_.gauge(
        inflight_meter,
        {{"target", target}},
        [limiter] { return static_cast<double>(limiter->inflight()); },
        {.description = "Calls that wait for the head of a service's answer"}
    );
    meters_.function_counter(
        refused_meter,
        {{"target", target}},
        [limiter] { return static_cast<double>(limiter->refused()); },
        {.description = "Requests that were answered at once, because their service has enough to do"}
    );
    limiters_.emplace(target, std::move(made));
    return limiter;
}

bool Admission::is_exempt(const RequestPath& path) const {
    Arena arena;
    return std::ranges::any_of(config_.exempt, [&](const PathPattern& pattern) {
        Variables unused(arena);
        return pattern.match(path, TrailingSlash::optional, unused);
    });
}

}  // namespace flotilla::gateway
