#pragma once
/// What users are measured by.

#include <string_view>

#include "flotilla/metrics/registry.hpp"

namespace flotilla::shop::user {

/// `users.status` and `users.welcome`: calls that are under way, as in the course, and beside them
/// `users.*.requests` with all that there have been.
class UserMeters {
public:
    /// Ends the measurement when it goes.
    class Running {
    public:
        Running(metrics::LongTaskTimer::Task task, metrics::Timer timer, const Clock& clock)
            : task_(std::move(task)), timer_(timer), sample_(clock) {}

        ~Running() { sample_.stop(timer_); }

        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

    private:
        metrics::LongTaskTimer::Task task_;
        metrics::Timer timer_;
        metrics::Sample sample_;
    };

    explicit UserMeters(metrics::Registry& registry)
        : registry_(registry),
          logins_good_(logins("success")),
          logins_bad_(logins("failure")),
          logins_throttled_(logins("throttled")) {}

    /// The meters come to be with the first call, so that a scrape before it does not show them.
    [[nodiscard]] Running status(const Clock& clock) const {
        return running("users.status", "/health_check", clock);
    }

    [[nodiscard]] Running welcome(const Clock& clock) const {
        return running("users.welcome", "/welcome", clock);
    }

    void login_good() const noexcept { logins_good_.increment(); }

    void login_bad() const noexcept { logins_bad_.increment(); }

    void login_throttled() const noexcept { logins_throttled_.increment(); }

private:
    [[nodiscard]] metrics::Counter logins(std::string_view outcome) const {
        return registry_.counter(
            "shop.logins", {{"outcome", outcome}}, {.description = "Attempts to log in"}
        );
    }

    [[nodiscard]] Running running(std::string_view name, std::string_view uri, const Clock& clock) const {
        const metrics::Tags tags{{"method", "GET"}, {"uri", uri}};
        auto active = registry_.long_task_timer(name, tags);
        auto requests = registry_.timer(std::string(name) + ".requests", tags);
        return {active.start(clock.now()), requests, clock};
    }

    metrics::Registry& registry_;
    metrics::Counter logins_good_;
    metrics::Counter logins_bad_;
    metrics::Counter logins_throttled_;
};

}  // namespace flotilla::shop::user
