#pragma once
// One call for many who want the same: whoever comes first makes it, the others wait for its end.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/remote/call_error.hpp"
#include "flotilla/runtime/event_loop.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::remote {

/// Thread-safe; a lock is held for look-ups only.
class Flights {
public:
    struct State;

    /// The right to make the call. Its end wakes those who wait, whatever the way it ends.
    class [[nodiscard]] Leader {
    public:
        Leader() = default;
        Leader(Flights& flights, std::string key, std::shared_ptr<State> state);
        Leader(Leader&& other) noexcept;
        Leader& operator=(Leader&&) = delete;
        ~Leader();

        /// The others get this error too.
        void fail(const CallError& error);

        [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

    private:
        Flights* flights_ = nullptr;
        std::string key_;
        std::shared_ptr<State> state_;
    };

    enum class Ending : std::uint8_t { landed, too_late };

    /// Either the right to make the call, or the call that somebody makes already: to be waited for.
    struct Boarding {
        Leader leader{};
        std::shared_ptr<State> other{};
    };

    Boarding board(const std::string& key);

    /// Until the call of somebody else has ended; the error that it ended with, if any.
    static Task<Ending> wait(std::shared_ptr<State> state, Deadline deadline);
    [[nodiscard]] static std::optional<CallError> error_of(const State& state);

private:
    void land(const std::string& key, State& state) noexcept;

    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<State>, std::less<>> flying_;
};

}  // namespace flotilla::remote
