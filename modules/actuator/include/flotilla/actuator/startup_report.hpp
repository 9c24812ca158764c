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

    /// One that ended just now and began then.
    void step(std::string name, TimePoint began);
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
    const TimePoint start_;
    const WallTime start_wall_;
    mutable std::mutex mutex_;
    std::vector<Step> steps_;
    std::vector<Feature> features_;
    std::vector<Component> components_;
};

/// `startup`, `conditions` and `beans`.
std::vector<Endpoint> startup_endpoints(const StartupReport& report, const std::string& application);

}  // namespace flotilla::actuator
