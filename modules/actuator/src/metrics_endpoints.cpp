#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "flotilla/actuator/endpoints.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/metrics/exposition.hpp"

namespace flotilla::actuator {

namespace {

/// JSON has no numbers for these.
Json number_json(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return value;
}

Json meter_json(const metrics::MeterView& view) {
    Json json = Json::object({{"name", view.name}});
    if (!view.description.empty()) json.set("description", view.description);
    if (!view.unit.empty()) json.set("baseUnit", view.unit);
    Json measurements = Json::array();
    for (const auto& measurement : view.measurements) {
        measurements.push_back(
            Json::object({{"statistic", measurement.statistic}, {"value", number_json(measurement.value)}})
        );
    }
    json.set("measurements", std::move(measurements));
    Json tags = Json::array();
    for (const auto& tag : view.available_tags)
        tags.push_back(Json::object({{"tag", tag.tag}, {"values", tag.values}}));
    json.set("availableTags", std::move(tags));
    return json;
}

Answer one_meter(metrics::Registry& registry, const Call& call) {
    std::vector<std::pair<std::string_view, std::string_view>> tags;
    for (const auto& [name, value] : call.query) {
        if (name != "tag") continue;
        for (const std::string_view part : split_list(value)) {
            const std::size_t colon = part.find(':');
            if (colon == std::string_view::npos || colon == 0) {
                return Answer::bad_request(
                    fmt::format("Each tag parameter must be in the form 'key:value' but was: {}", part)
                );
            }
            tags.emplace_back(part.substr(0, colon), part.substr(colon + 1));
        }
    }
    const auto view = registry.view(call.selector("requiredMetricName"), metrics::Tags(tags));
    return view ? Answer::of(meter_json(*view)) : Answer::none();
}

Answer scrape(metrics::Registry& registry, const Call& call) {
    const auto format = metrics::negotiate(call.accept);
    if (!format) {
        Answer refused = Answer::failure(
            http::Status::not_acceptable,
            "Acceptable representations: [text/plain;version=0.0.4;charset=utf-8, "
            "application/openmetrics-text;version=1.0.0;charset=utf-8]."
        );
        refused.headers.emplace_back(
            "Accept",
            "text/plain;version=0.0.4;charset=utf-8, application/openmetrics-text;version=1.0.0;charset=utf-8"
        );
        return refused;
    }
    std::optional<std::vector<std::string>> names;
    for (const auto& [name, value] : call.query) {
        if (name != "includedNames") continue;
        if (!names) names.emplace();
        for (const std::string_view part : split_list(value)) names->emplace_back(part);
    }
    return Answer::text(std::string(metrics::content_type(*format)), registry.scrape(*format, names));
}

}  // namespace

Endpoint metrics_endpoint(metrics::Registry& registry) {
    Endpoint endpoint;
    endpoint.id = "metrics";
    Operation::Function names = [&registry](const Call&) {
        return Answer::of(Json::object({{"names", registry.names()}}));
    };
    Operation::Function one = [&registry](const Call& call) { return one_meter(registry, call); };
    endpoint.operations.push_back({.run = std::move(names)});
    endpoint.operations.push_back(
        {.path = "/{requiredMetricName}", .run = std::move(one), .head_without_value_is_no_content = true}
    );
    return endpoint;
}

Endpoint prometheus_endpoint(metrics::Registry& registry) {
    Operation::Function read = [&registry](const Call& call) { return scrape(registry, call); };
    Endpoint endpoint;
    endpoint.id = "prometheus";
    endpoint.operations.push_back(
        {.run = std::move(read), .place = Place::pool, .negotiates = true, .compress = true}
    );
    return endpoint;
}

}  // namespace flotilla::actuator
