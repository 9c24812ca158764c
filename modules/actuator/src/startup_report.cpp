#include "flotilla/actuator/startup_report.hpp"

#include <utility>

#include "flotilla/base/units.hpp"

namespace flotilla::actuator {

namespace {

Json in_context(const std::string& application, Json content) {
    return Json::object({{"contexts", Json::object({{application, std::move(content)}})}});
}

Endpoint read_only(std::string id, Operation::Function read) {
    Endpoint endpoint;
    endpoint.id = std::move(id);
    endpoint.operations.push_back({.run = std::move(read)});
    return endpoint;
}

}  // namespace

StartupReport::StartupReport(const Clock& clock)
    : clock_(clock), start_(clock.now()), start_wall_(clock.wall_now()) {}

void StartupReport::began(TimePoint start) {
    const std::scoped_lock lock(mutex_);
    start_wall_ += start - start_;
    start_ = start;
}

void StartupReport::step(std::string name, TimePoint began) {
    step(std::move(name), began, clock_.now());
}

void StartupReport::step(std::string name, TimePoint began, TimePoint ended) {
    const std::scoped_lock lock(mutex_);
    steps_.push_back({std::move(name), began, ended});
}

void StartupReport::feature(std::string name, bool on, std::string reason) {
    const std::scoped_lock lock(mutex_);
    features_.push_back({std::move(name), on, std::move(reason)});
}

void StartupReport::component(std::string name, std::string type, std::vector<std::string> dependencies) {
    const std::scoped_lock lock(mutex_);
    components_.push_back({std::move(name), std::move(type), std::move(dependencies)});
}

Json StartupReport::startup_json() const {
    const auto wall = [this](TimePoint at) { return format_iso_time(start_wall_ + (at - start_)); };
    Json events = Json::array();
    const std::scoped_lock lock(mutex_);
    std::uint64_t id = 0;
    for (const auto& step : steps_) {
        events.push_back(Json::object({
            {"startupStep", Json::object({{"name", step.name}, {"id", id++}, {"tags", Json::array()}})},
            {"startTime", wall(step.began)},
            {"endTime", wall(step.ended)},
            {"duration", format_iso_duration(step.ended - step.began)},
        }));
    }
    return Json::object(
        {{"timeline", Json::object({{"startTime", wall(start_)}, {"events", std::move(events)}})}}
    );
}

Json StartupReport::conditions_json(const std::string& application) const {
    Json positive = Json::object();
    Json negative = Json::object();
    const std::scoped_lock lock(mutex_);
    for (const auto& feature : features_) {
        Json match = Json::object({{"condition", feature.name}, {"message", feature.reason}});
        if (feature.on) {
            positive.set(feature.name, Json::array({std::move(match)}));
        } else {
            negative.set(
                feature.name,
                Json::object({{"notMatched", Json::array({std::move(match)})}, {"matched", Json::array()}})
            );
        }
    }
    Json content = Json::object({
        {"positiveMatches", std::move(positive)},
        {"negativeMatches", std::move(negative)},
        {"unconditionalClasses", Json::array()},
    });
    return in_context(application, std::move(content));
}

Json StartupReport::beans_json(const std::string& application) const {
    Json beans = Json::object();
    const std::scoped_lock lock(mutex_);
    for (const auto& component : components_) {
        beans.set(
            component.name,
            Json::object({
                {"aliases", Json::array()},
                {"scope", "singleton"},
                {"type", component.type},
                {"resource", nullptr},
                {"dependencies", component.dependencies},
            })
        );
    }
    return in_context(application, Json::object({{"beans", std::move(beans)}}));
}

std::vector<Endpoint> startup_endpoints(const StartupReport& report, const std::string& application) {
    std::vector<Endpoint> endpoints;
    endpoints.push_back(read_only("startup", [&report](const Call&) {
        return Answer::of(report.startup_json());
    }));
    endpoints.push_back(read_only("conditions", [&report, application](const Call&) {
        return Answer::of(report.conditions_json(application));
    }));
    endpoints.push_back(read_only("beans", [&report, application](const Call&) {
        return Answer::of(report.beans_json(application));
    }));
    return endpoints;
}

}  // namespace flotilla::actuator
