#pragma once
/// What policies tell about themselves: to subscribers as it happens, and to whoever looks at the last
/// hundred.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"

namespace flotilla::resilience {

enum class EventType : std::uint8_t {
    // circuit breakers
    success,
    error,
    ignored_error,
    not_permitted,
    state_transition,
    reset,
    failure_rate_exceeded,
    slow_call_rate_exceeded,
    // retries (besides success, error, ignored_error)
    retry,
    // time limiters (besides success, error)
    timeout,
    // bulkheads
    call_permitted,
    call_rejected,
    call_finished,
    // rate limiters
    successful_acquire,
    failed_acquire,
    drained,
    // caches
    cache_hit,
    cache_miss,
    cache_error,
    // timers (besides success)
    start,
    failure,
};
inline constexpr std::size_t event_type_count = 21;

/// `STATE_TRANSITION`
std::string_view to_string(EventType type) noexcept;
/// In any case; nothing when there is none of that name.
std::optional<EventType> event_type_of(std::string_view text);

struct Event {
    EventType type{};
    TimePoint at{};
    std::optional<Duration> duration{};  ///< of the call; of a retry: the wait
    std::string message{};               ///< of the error
    std::string_view transition{};       ///< `CLOSED_TO_OPEN`
    std::uint32_t attempts = 0;          ///< of a retry
    float rate = 0;                      ///< that was exceeded, in percent
};

/// The events of one policy. An event that nobody wants costs one relaxed load. Safe from any thread.
class Events {
public:
    using Consumer = std::function<void(const Event&)>;

    explicit Events(std::string source) : source_(std::move(source)) {}

    /// Called on the thread that caused the event, those for all types first. One that throws ends the
    /// delivery of that event to consumers, and is counted.
    void subscribe(Consumer consumer);
    void subscribe(EventType type, Consumer consumer);

    /// Keeps the last `count` events from now on; before the first call only.
    void keep(std::size_t count);

    [[nodiscard]] bool wanted(EventType type) const noexcept {
        return (wanted_.load(std::memory_order_relaxed) & bit(type)) != 0;
    }

    [[nodiscard]] bool anything_wanted() const noexcept {
        return wanted_.load(std::memory_order_relaxed) != 0;
    }

    void publish(Event event) noexcept;

    /// Those kept, oldest first.
    [[nodiscard]] std::vector<Event> recent() const;
    /// Those kept that came after number `after`, which becomes the number of the last one. Numbers count
    /// from 1; `published()` is the last one given.
    [[nodiscard]] std::vector<Event> since(std::uint64_t& after) const;

    /// How many were published while somebody wanted to keep them.
    [[nodiscard]] std::uint64_t published() const noexcept { return next_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::uint64_t consumer_failures() const noexcept {
        return consumer_failures_.load(std::memory_order_relaxed);
    }

    /// Name of the policy that these events are of.
    [[nodiscard]] const std::string& source() const noexcept { return source_; }

private:
    struct Subscriber {
        std::optional<EventType> type;
        Consumer consumer;
    };

    /// One place of the ring. Whoever sets `busy` owns the rest for a moment.
    struct Slot {
        std::atomic<bool> busy{false};
        std::uint64_t ticket = 0;  ///< 1 for the first event; 0 when empty
        Event event{};
    };

    static constexpr std::uint32_t bit(EventType type) noexcept { return 1U << static_cast<unsigned>(type); }

    void add(Subscriber subscriber);
    void store(Event event) noexcept;

    std::atomic<std::uint32_t> wanted_{0};  // first: beside its owner's hot members
    std::string source_;
    std::atomic<std::uint32_t> subscribed_{0};  ///< types that consumers are told of
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> consumer_failures_{0};
    mutable std::vector<Slot> slots_;
    mutable std::mutex mutex_;  ///< guards subscribers_
    std::shared_ptr<const std::vector<Subscriber>> subscribers_;
};

}  // namespace flotilla::resilience
