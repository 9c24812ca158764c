#pragma once
/// Bounds how many calls to a target are under way at once, so that a slow one cannot take everything.
///
///     if (auto permit = bulkhead.try_enter()) { …call, the permit leaves when it goes… }
///
/// A caller that may wait brings a Waiter:
///
///     switch (bulkhead.enter(waiter)) {
///         case Entry::admitted: break;
///         case Entry::waiting:  // until waiter.admitted() is called or max_wait_duration has passed
///             if (timed_out && bulkhead.leave_queue(waiter)) return fail(bulkhead.refusal());
///             break;
///         case Entry::refused: return fail(bulkhead.refusal());
///     }
///     auto permit = bulkhead.permit_of(waiter);

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/resilience/errors.hpp"
#include "flotilla/resilience/events.hpp"

namespace flotilla::resilience {

/// Someone in a queue. It stays where it is from `enter` until it is admitted or has left.
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() = default;

    /// Called once, on the thread of whoever made the place and under the bulkhead's mutex: have the owner
    /// woken and return.
    virtual void admitted() noexcept = 0;

private:
    friend class WaiterQueue;

    Waiter* next_ = nullptr;
    Waiter* previous_ = nullptr;
    bool queued_ = false;
};

/// First come, first served; no allocation.
class WaiterQueue {
public:
    void push(Waiter& waiter) noexcept;
    /// Null when nobody waits.
    Waiter* pop() noexcept;
    /// False when it is not in the queue (any more).
    bool remove(Waiter& waiter) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    void unlink(Waiter& waiter) noexcept;

    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
    std::size_t size_ = 0;
};

enum class Entry : std::uint8_t { admitted, waiting, refused };

/// A place inside; leaves when it goes. The bulkhead outlives it.
template <class Place>
class [[nodiscard]] BulkheadPermit {
public:
    BulkheadPermit() noexcept = default;

    BulkheadPermit(BulkheadPermit&& other) noexcept : place_(std::exchange(other.place_, nullptr)) {}

    BulkheadPermit& operator=(BulkheadPermit&& other) noexcept {
        if (this != &other) {
            leave();
            place_ = std::exchange(other.place_, nullptr);
        }
        return *this;
    }

    ~BulkheadPermit() { leave(); }

    explicit operator bool() const noexcept { return place_ != nullptr; }

    void leave() noexcept {
        if (Place* place = std::exchange(place_, nullptr)) place->leave();
    }

private:
    friend Place;

    explicit BulkheadPermit(Place& place) noexcept : place_(&place) {}

    Place* place_ = nullptr;
};

struct BulkheadConfig {
    std::uint32_t max_concurrent_calls = 25;
    Duration max_wait_duration{};
    std::size_t event_consumer_buffer_size = 100;

    [[nodiscard]] Result<void> check() const;
};

/// A counting semaphore. Entering and leaving take no lock unless somebody waits. Safe from any thread.
class Bulkhead {
public:
    using Permit = BulkheadPermit<Bulkhead>;

    explicit Bulkhead(std::string name, BulkheadConfig config = {}, const Clock& clock = Clock::system());

    /// False when it is full (or others wait already).
    [[nodiscard]] Permit try_enter() noexcept;

    /// Waits in the queue when it is full and the configuration allows waiting.
    [[nodiscard]] Entry enter(Waiter& waiter) noexcept;
    /// True when the waiter had not been admitted: it is refused now. Otherwise it has been: take its permit.
    [[nodiscard]] bool leave_queue(Waiter& waiter) noexcept;

    /// Of a waiter that is admitted, once.
    [[nodiscard]] Permit permit_of(Waiter&) noexcept { return Permit(*this); }

    /// `Bulkhead 'x' is full and does not permit further calls`
    [[nodiscard]] Error refusal() const;

    [[nodiscard]] std::uint32_t available_concurrent_calls() const noexcept;

    [[nodiscard]] std::uint32_t max_allowed_concurrent_calls() const noexcept {
        return limit_.load(std::memory_order_relaxed);
    }

    [[nodiscard]] std::size_t waiting() const noexcept;

    /// From now on; calls under way go on. Adaptive limits do it all the time.
    void change_limit(std::uint32_t max_concurrent_calls) noexcept;

    [[nodiscard]] const std::string& name() const noexcept { return events_.source(); }

    [[nodiscard]] const BulkheadConfig& config() const noexcept { return config_; }

    [[nodiscard]] Events& events() noexcept { return events_; }

    [[nodiscard]] const Events& events() const noexcept { return events_; }

private:
    friend Permit;

    void leave() noexcept;
    void admit_waiters() noexcept;
    void tell(EventType type) noexcept;

    // Waiting (32 bits) and available (32 bits, signed: negative after the limit has been lowered) in one
    // word, so that whoever leaves cannot miss whoever has just queued up.
    std::atomic<std::uint64_t> word_;
    std::atomic<std::uint32_t> limit_;
    BulkheadConfig config_;
    const Clock& clock_;
    Events events_;
    mutable std::mutex mutex_;  ///< guards queue_ and the waiting half of the word
    WaiterQueue queue_;
};

struct QueueBulkheadConfig {
    std::uint32_t core_thread_pool_size = 1;
    std::uint32_t max_thread_pool_size = 2;
    std::uint32_t queue_capacity = 100;
    Duration keep_alive_duration = std::chrono::milliseconds(20);
    std::size_t event_consumer_buffer_size = 100;

    /// As many as there are cores.
    static QueueBulkheadConfig for_cores(std::uint32_t cores);
    [[nodiscard]] Result<void> check() const;
};

/// What a thread pool bulkhead is without threads: `core` calls run, the next ones queue, and when the queue
/// is full up to `max` run. Safe from any thread.
class QueueBulkhead {
public:
    using Permit = BulkheadPermit<QueueBulkhead>;

    struct Metrics {
        std::uint32_t queue_depth = 0;
        std::uint32_t queue_capacity = 0;
        std::uint32_t thread_pool_size = 0;
        std::uint32_t active_threads = 0;
    };

    explicit QueueBulkhead(
        std::string name, QueueBulkheadConfig config = {}, const Clock& clock = Clock::system()
    );

    [[nodiscard]] Entry enter(Waiter& waiter) noexcept;
    [[nodiscard]] bool leave_queue(Waiter& waiter) noexcept;

    [[nodiscard]] Permit permit_of(Waiter&) noexcept { return Permit(*this); }

    [[nodiscard]] Error refusal() const;
    [[nodiscard]] Metrics metrics() const noexcept;

    [[nodiscard]] const std::string& name() const noexcept { return events_.source(); }

    [[nodiscard]] const QueueBulkheadConfig& config() const noexcept { return config_; }

    [[nodiscard]] Events& events() noexcept { return events_; }

    [[nodiscard]] const Events& events() const noexcept { return events_; }

private:
    friend Permit;

    void leave() noexcept;
    void tell(EventType type) noexcept;

    QueueBulkheadConfig config_;
    const Clock& clock_;
    Events events_;
    mutable std::mutex mutex_;
    WaiterQueue queue_;
    std::uint32_t active_ = 0;
    std::uint32_t pool_ = 0;  ///< as many threads as Java would keep
};

}  // namespace flotilla::resilience
