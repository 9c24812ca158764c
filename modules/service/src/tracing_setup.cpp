#include "tracing_setup.hpp"

#include <algorithm>
#include <array>

namespace flotilla::service {

namespace {

/// The value of the first of these names that is set.
template <class T>
Result<T> first_set(
    const config::Environment& environment, std::initializer_list<std::string_view> names, T otherwise
) {
    for (const std::string_view name : names) {
        if (environment.contains(name)) return environment.get<T>(name, std::move(otherwise));
    }
    return otherwise;
}

Result<std::shared_ptr<tracing::Sampler>> sampler_of(
    std::optional<double> probability, std::optional<std::uint32_t> rate
) {
    if (!probability && rate) return tracing::rate_sampler(*rate);
    return tracing::probability_sampler(probability.value_or(0.1));
}

}  // namespace

Result<TracingProperties> read_tracing(config::Environment& environment) {
    TracingProperties p;
    FLT_TRY(
        p.enabled, first_set(environment, {"spring.sleuth.enabled", "management.tracing.enabled"}, p.enabled)
    );
    FLT_TRY(p.trace_id_128, first_set(environment, {"spring.sleuth.trace-id128"}, p.trace_id_128));
    FLT_TRY(p.supports_join, first_set(environment, {"spring.sleuth.supports-join"}, p.supports_join));
    FLT_TRY(p.skip_pattern, first_set(environment, {"spring.sleuth.web.skip-pattern"}, p.skip_pattern));
    FLT_TRY(
        p.scheduled.skip_pattern,
        first_set(environment, {"spring.sleuth.scheduled.skip-pattern"}, p.scheduled.skip_pattern)
    );
    FLT_TRY(
        p.sampler.probability,
        first_set(
            environment,
            {"spring.sleuth.sampler.probability", "management.tracing.sampling.probability"},
            p.sampler.probability
        )
    );
    FLT_TRY(p.sampler.rate, first_set(environment, {"spring.sleuth.sampler.rate"}, p.sampler.rate));
    auto& propagation = p.propagation;
    FLT_TRY(
        propagation.consume,
        first_set(environment, {"management.tracing.propagation.consume"}, propagation.consume)
    );
    FLT_TRY(
        propagation.produce,
        first_set(environment, {"management.tracing.propagation.produce"}, propagation.produce)
    );
    const auto fields = [&](std::string_view kind, std::vector<std::string>& into) -> Result<void> {
        const std::string sleuth = "spring.sleuth.baggage." + std::string(kind);
        const std::string boot = "management.tracing.baggage." + std::string(kind);
        FLT_TRY(into, first_set(environment, {sleuth, boot}, into));
        return {};
    };
    FLT_CHECK(fields("remote-fields", p.baggage.remote_fields));
    FLT_CHECK(fields("local-fields", p.baggage.local_fields));
    FLT_CHECK(fields("tag-fields", p.baggage.tag_fields));
    FLT_CHECK(fields("correlation-fields", p.baggage.correlation_fields));
    // Reporters have properties of their own under this prefix.
    return environment.bind_over(std::move(p), "tracing", config::Unknown::ignore);
}

Result<std::shared_ptr<tracing::Sampler>> make_sampler(const TracingProperties& properties) {
    if (!properties.enabled) return tracing::never_sampler();
    FLT_TRY(auto fallback, sampler_of(properties.sampler.probability, properties.sampler.rate));
    if (properties.sampler.rules.empty()) return fallback;
    std::vector<tracing::SamplingRule> rules;
    for (const SamplingRuleProperties& rule : properties.sampler.rules) {
        FLT_TRY(auto sampler, sampler_of(rule.probability, rule.rate));
        rules.push_back({rule.method, rule.path_prefix, rule.route, rule.topic, std::move(sampler)});
    }
    return tracing::rules_sampler(std::move(rules), std::move(fallback));
}

Result<tracing::TracerConfig> tracer_config(const TracingProperties& properties) {
    tracing::TracerConfig config;
    config.trace_id_128 = properties.trace_id_128;
    config.supports_join = properties.supports_join;
    config.propagation = {
        .consume = properties.propagation.consume,
        .produce = properties.propagation.produce,
        .produce_messaging = properties.propagation.produce_messaging,
        .baggage = properties.baggage
    };
    auto skip = tracing::SkipPattern::parse(properties.skip_pattern);
    if (!skip) return fail(skip.error().within("tracing.skip-pattern"));
    config.skip = *std::move(skip);
    auto sampler = make_sampler(properties);
    if (!sampler) return fail(sampler.error().within("tracing.sampler"));
    config.sampler = *std::move(sampler);
    return config;
}

Result<tracing::SkipPattern> quiet_jobs(const TracingProperties& properties) {
    auto pattern = tracing::SkipPattern::parse(properties.scheduled.skip_pattern);
    if (!pattern) return fail(pattern.error().within("tracing.scheduled.skip-pattern"));
    return pattern;
}

bool concerns_sampler(const std::set<std::string>& changed) {
    constexpr std::array<std::string_view, 6> prefixes{
        "tracing.sampler",
        "tracing.enabled",
        "spring.sleuth.sampler",
        "spring.sleuth.enabled",
        "management.tracing.sampling",
        "management.tracing.enabled"
    };
    return std::ranges::any_of(changed, [&](const std::string& key) {
        return std::ranges::any_of(prefixes, [&](std::string_view p) { return key.starts_with(p); });
    });
}

}  // namespace flotilla::service
