#pragma once
// What a service is doing and what it has to do next, without doing it: phases, deadlines, exit code.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"

namespace flotilla::service {

enum class Phase {
    starting,  ///< nobody can come in
    started,   ///< start-up tasks run; operations endpoints answer
    ready,
    draining,  ///< still serving, no longer wanted
    closing,   ///< listeners closed, waiting for what runs
    stopped,
};

std::string_view to_string(Phase phase) noexcept;

/// Steps only forward. The caller gives the time; the shell around it reads signals and moves sockets.
class LifeCycle {
public:
    struct Settings {
        /// Unset: 2 s when the service is announced somewhere, else nothing.
        std::optional<Duration> drain_delay{};
        Duration phase_timeout = std::chrono::seconds(30);
        bool graceful = true;
    };

    LifeCycle(Settings settings, TimePoint began) : settings_(settings), began_(began) {}

    [[nodiscard]] Phase phase() const noexcept { return phase_; }

    void listening() noexcept { phase_ = Phase::started; }

    void ready() noexcept { phase_ = Phase::ready; }

    /// How long it has been there.
    [[nodiscard]] Duration age(TimePoint now) const noexcept { return now - began_; }

    /// A start-up task or a hook has failed.
    void failed() noexcept { failed_ = true; }

    enum class Reaction {
        stop,          ///< begin the shutdown
        exit_at_once,  ///< the second signal
        none,          ///< it is stopping already
    };

    /// A signal; 0 for a stop that a program or an endpoint asked for.
    Reaction asked_to_stop(int signal) noexcept;

    /// What a process has as its status when it dies at once.
    static int status_of(int signal) noexcept { return 128 + signal; }

    /// Begins to drain: the moment until which requests are still served. Nothing is waited for when it never
    /// was ready.
    TimePoint drain(TimePoint now, bool announced) noexcept;

    /// Begins to close: until when running work may go on.
    Deadline close(TimePoint now) noexcept;

    /// The end: `cut` pieces of work did not come to theirs. The exit code.
    int stopped(std::size_t cut) noexcept;

private:
    static constexpr Duration announced_drain = std::chrono::seconds(2);

    Settings settings_;
    TimePoint began_;
    Phase phase_ = Phase::starting;
    bool stop_asked_ = false;
    bool failed_ = false;
};

}  // namespace flotilla::service
