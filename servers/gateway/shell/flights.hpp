#pragma once
// One who asks for a thing that many want; the others wait for it.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/runtime/event_loop.hpp"

namespace flotilla::gateway {

/// Across all loops.
class Flights {
public:
    /// How a flight goes, as far as those who wait are concerned.
    enum class Fate : std::uint8_t {
        on_time,
        slow,    ///< somebody has given up waiting for it; it goes on
        failed,  ///< the service is not well
    };

    /// While it lives, its key is being fetched. Moves; ends in its destructor.
    class Leader {
    public:
        Leader() = default;

        Leader(Flights& flights, std::string key) : flights_(&flights), key_(std::move(key)) {}

        Leader(Leader&& other) noexcept
            : flights_(std::exchange(other.flights_, nullptr)),
              key_(std::move(other.key_)),
              answered_(other.answered_) {}

        Leader& operator=(Leader&&) = delete;

        ~Leader() {
            if (flights_) flights_->end(key_, answered_);
        }

        explicit operator bool() const noexcept { return flights_ != nullptr; }

        /// Tells those who wait, and those who come later.
        void tell(Fate fate) {
            if (flights_) flights_->tell(key_, fate);
        }

        /// The service has been heard of, well or not: it is no use that the next one leads in its turn. One
        /// that ends without this has been broken off.
        void answered() noexcept { answered_ = true; }

    private:
        Flights* flights_ = nullptr;
        std::string key_;
        bool answered_ = false;
    };

    /// One who waits; touched on its own loop.
    struct Waiter {
        explicit Waiter(runtime::EventLoop& on) : loop(on) {}

        runtime::EventLoop& loop;
        bool landed = false;
        bool broken_off = false;  ///< landed, and nobody knows more than before: another one may lead
        Fate fate = Fate::on_time;
        runtime::Signal signal;
    };

    /// True for the first; otherwise `waiter` is told how it goes and when it has ended.
    Leader join(const std::string& key, const std::shared_ptr<Waiter>& waiter);

private:
    struct Flight {
        std::vector<std::shared_ptr<Waiter>> waiters;
        Fate fate = Fate::on_time;
    };

    void tell(const std::string& key, Fate fate);
    void end(const std::string& key, bool answered) noexcept;

    std::mutex mutex_;
    std::unordered_map<std::string, Flight> running_;
};

}  // namespace flotilla::gateway
