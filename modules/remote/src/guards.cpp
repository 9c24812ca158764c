#include "flotilla/remote/guards.hpp"

#include <string>

#include "flotilla/resilience/policies.hpp"

namespace flotilla::remote {

GuardsFor guards_of(resilience::Policies& policies, bool time_limits) {
    return [&policies, time_limits](const GuardRequest& request) {
        const std::string id(request.id);
        Guards guards;
        guards.breaker = request.make_breaker ? &policies.circuit_breakers().get(id, request.group)
                                              : policies.circuit_breakers().find(id);
        if (policies.has_retry(id)) guards.retry = &policies.retries().get(id);
        if (policies.has_rate_limiter(id)) guards.rate_limiter = &policies.rate_limiters().get(id);
        if (policies.has_time_limiter(id) || (request.make_breaker && time_limits))
            guards.time_limiter = &policies.time_limiters().get(id, request.group);
        if (policies.has_bulkhead(id)) guards.bulkhead = &policies.bulkheads().get(id);
        if (policies.has_queue_bulkhead(id)) guards.queue_bulkhead = &policies.queue_bulkheads().get(id);
        if (policies.has_timer(id)) guards.timer = &policies.timers().get(id);
        return guards;
    };
}

}  // namespace flotilla::remote
