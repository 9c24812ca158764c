#include "flotilla/zipkin/reporter_config.hpp"

#include <algorithm>
#include <array>

#include "flotilla/base/text.hpp"
#include "flotilla/http/url.hpp"

namespace flotilla::zipkin {

namespace {

constexpr std::string_view path_of_spans = "/api/v2/spans";

/// Takes the value of a property that is set.
template <class T>
Result<void> over(const config::Environment& environment, std::string_view name, T& value) {
    FLT_TRY(value, environment.get<T>(name, std::move(value)));
    return {};
}

/// A bare number is of that unit, as it is with Sleuth.
Result<void> over_time(
    const config::Environment& environment,
    std::string_view name,
    Duration unit,
    std::chrono::milliseconds& value
) {
    const auto text = environment.get(name);
    if (!text) return {};
    auto span = parse_duration(*text, unit);
    if (!span) return fail(span.error().within(name));
    value = std::chrono::duration_cast<std::chrono::milliseconds>(*span);
    return {};
}

/// Spring's words for what is sent: JSON, JSON_V2, PROTO3.
Result<void> over_encoding(
    const config::Environment& environment, std::string_view name, Encoding& encoding
) {
    const auto text = environment.get(name);
    if (!text) return {};
    if (iequals(*text, "json") || iequals(*text, "json_v2")) {
        encoding = Encoding::json_v2;
    } else if (iequals(*text, "proto3")) {
        encoding = Encoding::proto3;
    } else {
        return fail(
            Errc::invalid_argument, std::string(name) + ": expected JSON_V2 or PROTO3, got '" + *text + "'"
        );
    }
    return {};
}

Result<void> read_boot(const config::Environment& environment, ReporterConfig& config) {
    FLT_CHECK(over(environment, "management.zipkin.tracing.export.enabled", config.enabled));
    FLT_CHECK(over(environment, "management.zipkin.tracing.endpoint", config.endpoint));
    FLT_CHECK(over(environment, "management.zipkin.tracing.connect-timeout", config.connect_timeout));
    FLT_CHECK(over(environment, "management.zipkin.tracing.read-timeout", config.read_timeout));
    return over_encoding(environment, "management.zipkin.tracing.encoding", config.encoding);
}

Result<void> read_sleuth(const config::Environment& environment, ReporterConfig& config) {
    FLT_CHECK(over(environment, "spring.zipkin.enabled", config.enabled));
    if (const auto type = environment.get("spring.zipkin.sender.type"); type && !iequals(*type, "web"))
        return fail(Errc::unsupported, "spring.zipkin.sender.type: only web is known, got '" + *type + "'");
    if (environment.contains("spring.zipkin.base-url")) {
        FLT_CHECK(over(environment, "spring.zipkin.base-url", config.base_url));
        config.endpoint.clear();
    }
    FLT_CHECK(over(environment, "spring.zipkin.queued-max-spans", config.queued_max_spans));
    FLT_CHECK(over(environment, "spring.zipkin.compression.enabled", config.compression.enabled));
    constexpr Duration second = std::chrono::seconds(1);
    FLT_CHECK(over_time(environment, "spring.zipkin.message-timeout", second, config.message_timeout));
    return over_encoding(environment, "spring.zipkin.encoder", config.encoding);
}

bool has_an_address(const config::Environment& environment) {
    constexpr std::array<std::string_view, 4> names{
        "tracing.reporter.endpoint",
        "tracing.reporter.base-url",
        "spring.zipkin.base-url",
        "management.zipkin.tracing.endpoint"
    };
    return std::ranges::any_of(names, [&](std::string_view name) { return environment.contains(name); });
}

/// A service that is found by its name, as Sleuth does with `spring.zipkin.locator.discovery.enabled`.
Result<void> find_by_name(const config::Environment& environment, ReporterConfig& config) {
    bool by_name = false;
    FLT_CHECK(over(environment, "spring.zipkin.discovery-client-enabled", by_name));
    FLT_CHECK(over(environment, "spring.zipkin.locator.discovery.enabled", by_name));
    if (!by_name) return {};
    FLT_TRY(auto url, http::Url::parse(config.address()));
    url.balanced = true;
    config.endpoint = url.to_string();
    return {};
}

}  // namespace

std::string ReporterConfig::address() const {
    if (!endpoint.empty()) return endpoint;
    std::string base = base_url;
    while (base.ends_with('/')) base.pop_back();
    return base + std::string(path_of_spans);
}

Result<ReporterConfig> read_reporter(config::Environment& environment) {
    ReporterConfig config;
    FLT_CHECK(read_boot(environment, config));
    FLT_CHECK(read_sleuth(environment, config));
    if (environment.contains("tracing.reporter.base-url")) config.endpoint.clear();
    FLT_TRY(config, environment.bind_over(std::move(config), "tracing.reporter"));
    if (!config.enabled) config.enabled = has_an_address(environment);
    if (config.sender == Sender::none) config.enabled = false;
    if (!*config.enabled) return config;
    const auto url = http::Url::parse(config.address());
    if (!url) return fail(url.error().within("tracing.reporter.endpoint"));
    FLT_CHECK(find_by_name(environment, config));
    return config;
}

}  // namespace flotilla::zipkin
