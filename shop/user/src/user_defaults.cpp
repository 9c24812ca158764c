#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/user/user_config.hpp"

namespace flotilla::shop::user {

namespace {

using Defaults = std::vector<std::pair<std::string, reflect::Json>>;

/// The breaker of the client has the numbers of the profile.
void add_breaker(Defaults& defaults) {
    const std::string breakers = "resilience4j.circuitbreaker.";
    const std::string limiters = "resilience4j.timelimiter.";
    defaults.insert(
        defaults.end(),
        {
            {"spring.cloud.openfeign.client.config.default.circuit-breaker", "circuitbreaker"},
            {breakers + "instances.circuitbreaker.base-config", "${shop.profile:flotilla}"},
            {limiters + "instances.circuitbreaker.base-config", "${shop.profile:flotilla}"},

            {breakers + "configs.flotilla.failure-rate-threshold", 50},
            {breakers + "configs.flotilla.sliding-window-size", 20},
            {breakers + "configs.flotilla.minimum-number-of-calls", 10},
            {breakers + "configs.flotilla.wait-duration-in-open-state", "5s"},
            {breakers + "configs.flotilla.permitted-number-of-calls-in-half-open-state", 3},
            {breakers + "configs.flotilla.ignore-exceptions", "http.400,http.401,http.403,http.404"},
            {limiters + "configs.flotilla.timeout-duration", "2s"},

            {breakers + "configs.course.failure-rate-threshold", 4},
            {breakers + "configs.course.sliding-window-size", 2},
            {breakers + "configs.course.wait-duration-in-open-state", "1s"},
            {breakers + "configs.course.ignore-exceptions", "http.400"},
            {limiters + "configs.course.timeout-duration", "4s"},

            {"resilience4j.bulkhead.instances.circuitbreaker.max-concurrent-calls", 25},
            {"resilience4j.bulkhead.instances.circuitbreaker.max-wait-duration", "50ms"},
        }
    );
}

}  // namespace

Defaults user_defaults() {
    Defaults defaults{
        {"server.port", 0},
        {"eureka.instance.instance-id", default_instance_id()},
        {"spring.datasource.url", "sqlite:data/userdb.sqlite"},
        {"management.tracing.sampling.probability", 1.0},
        {"management.endpoints.web.exposure.include", "health,info,metrics,prometheus,refresh,circuitbreakers"
        },
        {"greeting.message", "Welcome to the Simple E-commerce."},
        {"order_service.exception.orders_is_empty", "User's orders is empty"},
        {"spring.cloud.openfeign.client.config.default.connect-timeout", "500ms"},
        {"spring.cloud.openfeign.client.config.default.logger-level", "FULL"},
    };
    add_breaker(defaults);
    return defaults;
}

}  // namespace flotilla::shop::user
