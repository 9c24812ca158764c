#pragma once
// An actuator with everything that it tells of, and requests to it without a network.

#include <string>
#include <utility>
#include <vector>

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/log/captured_log.hpp"
#include "flotilla/reflect/json.hpp"
#include "request_builder.hpp"
#include "run_on_loop.hpp"

namespace flotilla::actuator {

using test_support::run_on_loop;

using Properties = std::vector<std::pair<std::string, Json>>;

inline const std::vector<std::pair<std::string, Json>> everything{
    {"management.endpoints.web.exposure.include", "*"}
};

struct Fixture {
    explicit Fixture(runtime::Runtime& runtime, Properties properties = everything)
        : Fixture(runtime, config::Environment::of(properties)) {}

    Fixture(runtime::Runtime& runtime, config::Environment of)
        : environment(std::move(of)),
          actuator(
              ActuatorConfig::load(environment).value(),
              {.application = "order-service",
               .runtime = runtime,
               .environment = environment,
               .log = log.system(),
               .meters = meters,
               .shutdown = [this](Duration after) { shutdown_after = after; },
               .log_file = log_file,
               .context_path = environment.get_or("server.servlet.context-path", "")}
          ) {}

    /// Once routes, endpoints and contributors are there.
    void mount() {
        const auto mounted = actuator.mount(router, router);
        FLT_ASSERT(mounted.has_value());
    }

    Task<http::Response> send(
        std::string what, http::RequestBuilder::Fields fields = {}, std::string body = {}
    ) {
        return http::drive(router, std::move(what), std::move(fields), std::move(body));
    }

    config::Environment environment;
    log::CapturedLog log;
    metrics::Registry meters;
    std::string log_file;
    Duration shutdown_after{};
    http::Router router;
    Actuator actuator;
};

inline Json json_of(const http::Response& response) {
    return reflect::parse_json(response.text().value_or("")).value_or(Json());
}

inline int code_of(const http::Response& response) {
    return http::code_of(response.status());
}

inline std::string field_of(const http::Response& response, std::string_view name) {
    return std::string(response.headers().find(name));
}

/// Status and body, for comparison in one go.
inline std::string summary(const http::Response& response) {
    return std::to_string(code_of(response)) + " " + std::string(response.text().value_or(""));
}

inline constexpr const char* v3 = "application/vnd.spring-boot.actuator.v3+json";
inline constexpr const char* v2 = "application/vnd.spring-boot.actuator.v2+json";

inline std::vector<std::string> keys_of(const Json& json) {
    std::vector<std::string> keys;
    for (const auto& member : json.members()) keys.push_back(member.key);
    return keys;
}

inline Properties with(Properties more) {
    Properties all = everything;
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace flotilla::actuator
