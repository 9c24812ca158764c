#pragma once
/// What happened while the service started: steps with their times, and which features are on and why.

#include <mutex>
#include <string>
#include <vector>

#include "flotilla/actuator/endpoint.hpp"
#include "flotilla/base/clock.hpp"

namespace flotilla::actuator {

/// Safe from any thread.
class StartupReport {
public:
    explicit StartupReport(const Clock& clock = Clock::system());

    /// The start began before there was a report of it.
    void began(TimePoint start);
    /// One that ended just now and began then.
    void step(std::string name, TimePoint began);
    void step(std::string name, TimePoint began, TimePoint ended);
    /// `/actuator/conditions`: `tracing`, on, `management.tracing.enabled is not false`.
    void feature(std::string name, bool on, std::string reason);
    /// `/actuator/beans`: a part of the service and what it stands on.
    void component(std::string name, std::string type, std::vector<std::string> dependencies = {});

    [[nodiscard]] Json startup_json() const;
    [[nodiscard]] Json conditions_json(const std::string& application) const;
    [[nodiscard]] Json beans_json(const std::string& application) const;

private:
    struct Step {
        std::string name;
        TimePoint began;
        TimePoint ended;
    };

    struct Feature {
        std::string name;
        bool on = false;
        std::string reason;
    };

    struct Component {
        std::string name;
        std::string type;
        std::vector<std::string> dependencies;
    };

    const Clock& clock_;
    mutable std::mutex mutex_;
    TimePoint start_;
    WallTime start_wall_;
    std::vector<Step> steps_;
    std::vector<Feature> features_;
    std::vector<Component> components_;
};

/// `startup`, `conditions` and `beans`.
std::vector<Endpoint> startup_endpoints(const StartupReport& report, const std::string& application);

}  // namespace flotilla::actuator
