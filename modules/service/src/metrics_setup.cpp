#include "metrics_setup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "flotilla/base/text.hpp"
#include "flotilla/config/property_name.hpp"

namespace flotilla::service {

namespace {

/// A list that came element by element has its index in the key: `http.server[0]`.
std::string without_index(const std::string& key) {
    return key.ends_with(']') ? key.substr(0, key.rfind('[')) : key;
}

std::map<std::string, std::vector<std::string>> lists_of(const std::map<std::string, std::string>& texts) {
    std::map<std::string, std::vector<std::string>> lists;
    for (const auto& [key, text] : texts) {
        auto& list = lists[without_index(key)];
        for (const std::string_view part : split_list(text)) list.emplace_back(part);
    }
    return lists;
}

Result<std::vector<double>> numbers_of(const std::string& property, const std::vector<std::string>& texts) {
    std::vector<double> numbers;
    for (const std::string& text : texts) {
        const auto number = parse_double(text);
        if (!number || *number < 0 || *number > 1)
            return fail(
                Errc::invalid_argument,
                fmt::format("{}: expected a number from 0 to 1, got '{}'", property, text)
            );
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace

Result<MetricsProperties> read_metrics(config::Environment& environment) {
    FLT_TRY(
        auto properties, environment.bind<MetricsProperties>("management.metrics", config::Unknown::ignore)
    );
    return environment.bind_over(std::move(properties), "metrics", config::Unknown::ignore);
}

Result<metrics::RegistryOptions> registry_options(
    const MetricsProperties& properties, std::string_view application
) {
    metrics::RegistryOptions options;
    for (const auto& [key, value] : properties.tags)
        options.common_tags = options.common_tags.with(key, value);
    if (properties.auto_common_tags) {
        std::array<char, 256> host{};
        ::gethostname(host.data(), host.size() - 1);
        options.common_tags = options.common_tags.with("application", application)
                                  .with("instance", fmt::format("{}:{}", host.data(), ::getpid()));
    }
    options.flavor = properties.prometheus.flavor;
    options.strict_labels = properties.strict_labels;
    options.maximum_series = properties.maximum_series;
    options.maximum_per_family = properties.maximum_per_family;
    options.maximum_tags = properties.maximum_tags;
    for (metrics::TagLimit& limit : options.tag_limits) {
        if (limit.name == "http.server.requests") limit.count = properties.web.server.max_uri_tags;
        if (limit.name == "http.client.requests") limit.count = properties.web.client.max_uri_tags;
    }
    options.idle_expiry = properties.idle_expiry;
    options.align_windows = properties.distribution.align_windows;

    const DistributionProperties& distribution = properties.distribution;
    std::map<std::string, metrics::DistributionRule> rules;
    const auto rule = [&](const std::string& key) -> metrics::DistributionRule& {
        auto& found = rules[key];
        found.name = key;
        return found;
    };
    for (auto& [key, list] : lists_of(distribution.slo)) rule(key).slo = list;
    for (const auto& [key, list] : lists_of(distribution.percentiles)) {
        FLT_TRY(auto numbers, numbers_of("metrics.distribution.percentiles." + key, list));
        rule(key).percentiles = std::move(numbers);
    }
    for (const auto& [key, on] : distribution.percentiles_histogram) rule(key).percentiles_histogram = on;
    for (const auto& [key, text] : distribution.minimum_expected_value)
        rule(key).minimum_expected_value = text;
    for (const auto& [key, text] : distribution.maximum_expected_value)
        rule(key).maximum_expected_value = text;
    for (const auto& [key, span] : distribution.expiry) rule(key).expiry = span;
    for (const auto& [key, count] : distribution.buffer_length) rule(key).buffer_length = count;
    for (auto& [key, each] : rules) options.distribution.push_back(std::move(each));
    return options;
}

bool concerns_distribution(const config::Environment::ChangedKeys& changed) {
    return std::ranges::any_of(changed, [](const std::string& key) {
        const std::string name = config::uniform_name(key);
        return name.starts_with("metrics.distribution.") ||
               name.starts_with("management.metrics.distribution.");
    });
}

void add_enable_filter(metrics::Registry& registry, const std::map<std::string, bool>& enable) {
    if (enable.empty()) return;
    registry.add_filter(metrics::filters::deny([enable](const metrics::MeterId& id) {
        std::string name = id.name;
        for (;;) {
            if (const auto found = enable.find(name); found != enable.end()) return !found->second;
            const auto dot = name.rfind('.');
            if (dot == std::string::npos) break;
            name.resize(dot);
        }
        const auto all = enable.find("all");
        return all != enable.end() && !all->second;
    }));
}

}  // namespace flotilla::service
