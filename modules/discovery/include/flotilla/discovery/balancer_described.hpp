#pragma once
/// The settings of balancing as configuration names them, for those who bind or list them.

#include "flotilla/discovery/balancer_properties.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::discovery {

FLT_DESCRIBE_ENUM_KEBAB(Algorithm, least_loaded, round_robin, random, peak_ewma, weighted, ring_hash, maglev)

FLT_DESCRIBE_CONFIG(
    OutlierConfig,
    (enabled, "Whether instances are left out for a while when calls to them fail."),
    (consecutive_5xx, "Failed calls in a row after which an instance goes; 0: never.", as("consecutive-5xx")),
    (consecutive_gateway_failure, "The same for 502, 503, 504 and no answer."),
    (consecutive_connect_failure, "The same for connections that are refused."),
    (interval, "Time between two looks at success rates."),
    (base_ejection_time, "How long an instance is left out, times how often it was."),
    (max_ejection_time, "How long at most."),
    (max_ejection_percent, "How many of the instances may be out; one at least.", max(100)),
    (max_connect_ejection_percent, "The same when nobody listens there.", max(100)),
    (success_rate_minimum_hosts, "Instances with enough calls that a comparison needs; 0: none is made."),
    (success_rate_request_volume, "Calls in an interval that are enough."),
    (success_rate_stdev_factor, "How many standard deviations below the mean is too far."),
    (failure_percentage_threshold, "Percent of failed calls that is too much.", max(100)),
    (failure_percentage_minimum_hosts, "Instances with enough calls that this rule needs; 0: it is off."),
    (failure_percentage_request_volume, "Calls in an interval that are enough for it.")
)

FLT_DESCRIBE_CONFIG(
    SlowStartConfig,
    (window, "How long it takes until a new instance has its full share; 0: no time."),
    (aggression, "How the share grows: 1 evenly, above 1 quickly at first."),
    (min_weight_percent, "The share that it begins with.", min(1), max(100))
)

FLT_DESCRIBE_CONFIG(
    BalancerConfig,
    (algorithm, "least-loaded, round-robin, random, peak-ewma, weighted, ring-hash or maglev."),
    (zone, "The own zone; that of spring.cloud.loadbalancer.zone or of the own instance when there is none."),
    (zone_preference, "Whether instances of the own zone come first."),
    (same_instance, "Whether all calls go to one instance while it is there."),
    (subset_size, "How many of many instances this caller uses; 0: all."),
    (subset_id, "What tells callers apart; the own application and host when there is none."),
    (panic_threshold_percent, "When fewer instances than that are well, all are used.", max(100)),
    (ring_size, "Points on the hash ring, at least.", min(1), max(1048576)),
    (outlier, "Leaving out who fails."),
    (slow_start, "Sparing who is new.")
)

FLT_DESCRIBE_CONFIG(
    HealthCheckConfig,
    (enabled, "Whether instances are asked; also by configurations=health-check."),
    (path, "What is asked for; empty: an instance is always well."),
    (port, "Where; 0: where calls go."),
    (initial_delay, "Until the first question."),
    (interval, "Between two questions."),
    (repeat_health_check, "Whether it is asked again."),
    (unhealthy_threshold, "Bad answers in a row that count.", min(1)),
    (healthy_threshold, "Good answers in a row that count.", min(1))
)

FLT_DESCRIBE_CONFIG(
    StickySessionConfig,
    (instance_id_cookie_name, "The cookie with the id of the instance that a session belongs to."),
    (add_service_instance_cookie, "Whether outgoing requests get that cookie.")
)

FLT_DESCRIBE_CONFIG(
    SubsetConfig,
    (size, "How many.", min(1)),
    (instance_id, "What tells callers apart; the own application and host when there is none.")
)

FLT_DESCRIBE_CONFIG(
    SpringBalancerConfig,
    (configurations,
     "default, zone-preference, health-check, weighted, subset, same-instance-preference or "
     "request-based-sticky-session; several with commas."),
    (zone, "The own zone."),
    (hint_header_name, "The header with the hint of a request."),
    (hint, "The hint for each service; `default` for all others."),
    (sticky_session, "Sessions that belong to an instance."),
    (subset, "Using some of many instances.")
)

}  // namespace flotilla::discovery
