#include "flotilla/resilience/bulkhead.hpp"

#include <algorithm>
#include <utility>

namespace flotilla::resilience {

namespace {

constexpr std::uint64_t one_waiter = 1ULL << 32;

constexpr std::int32_t available_in(std::uint64_t word) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(word));
}

constexpr std::uint32_t waiters_in(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>(word >> 32);
}

constexpr std::uint64_t with_available(std::uint64_t word, std::int32_t available) noexcept {
    return (word & ~0xFFFF'FFFFULL) | static_cast<std::uint32_t>(available);
}

Result<void> at_least(std::string_view key, std::uint64_t value, std::uint64_t least) {
    if (value >= least) return {};
    return fail(
        Errc::invalid_argument,
        std::string(key) + " must be greater than or equal to " + std::to_string(least) + "."
    );
}

}  // namespace

void WaiterQueue::push(Waiter& waiter) noexcept {
    waiter.queued_ = true;
    waiter.next_ = nullptr;
    waiter.previous_ = last_;
    (last_ ? last_->next_ : first_) = &waiter;
    last_ = &waiter;
    ++size_;
}

Waiter* WaiterQueue::pop() noexcept {
    Waiter* const first = first_;
    if (first) unlink(*first);
    return first;
}

bool WaiterQueue::remove(Waiter& waiter) noexcept {
    if (!waiter.queued_) return false;
    unlink(waiter);
    return true;
}

void WaiterQueue::unlink(Waiter& waiter) noexcept {
    (waiter.previous_ ? waiter.previous_->next_ : first_) = waiter.next_;
    (waiter.next_ ? waiter.next_->previous_ : last_) = waiter.previous_;
    waiter.queued_ = false;
    --size_;
}

Result<void> BulkheadConfig::check() const {
    FLT_CHECK(at_least("maxConcurrentCalls", max_concurrent_calls, 1));
    FLT_CHECK(at_least("eventConsumerBufferSize", event_consumer_buffer_size, 1));
    if (max_wait_duration < Duration::zero()) {
        return fail(Errc::invalid_argument, "maxWaitDuration must be greater than or equal to 0.");
    }
    return {};
}

Bulkhead::Bulkhead(std::string name, BulkheadConfig config, const Clock& clock)
    : word_(config.max_concurrent_calls),
      limit_(config.max_concurrent_calls),
      config_(config),
      clock_(clock),
      events_(std::move(name)) {}

void Bulkhead::tell(EventType type) noexcept {
    if (events_.wanted(type)) events_.publish({.type = type, .at = clock_.now()});
}

Bulkhead::Permit Bulkhead::try_enter() noexcept {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    do {
        if (available_in(word) <= 0 || waiters_in(word) > 0) {
            tell(EventType::call_rejected);
            return {};
        }
    } while (!word_.compare_exchange_weak(
        word,
        with_available(word, available_in(word) - 1),
        std::memory_order_acquire,
        std::memory_order_relaxed
    ));
    tell(EventType::call_permitted);
    return Permit(*this);
}

Entry Bulkhead::enter(Waiter& waiter) noexcept {
    const bool may_wait = config_.max_wait_duration > Duration::zero();
    {
        const std::scoped_lock lock(mutex_);
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        for (;;) {
            const bool room = available_in(word) > 0 && waiters_in(word) == 0;
            if (!room && !may_wait) break;
            const std::uint64_t next =
                room ? with_available(word, available_in(word) - 1) : word + one_waiter;
            if (!word_.compare_exchange_weak(
                    word, next, std::memory_order_acquire, std::memory_order_relaxed
                )) {
                continue;
            }
            if (room) {
                tell(EventType::call_permitted);
                return Entry::admitted;
            }
            queue_.push(waiter);
            return Entry::waiting;
        }
    }
    tell(EventType::call_rejected);
    return Entry::refused;
}

bool Bulkhead::leave_queue(Waiter& waiter) noexcept {
    {
        const std::scoped_lock lock(mutex_);
        if (!queue_.remove(waiter)) return false;
        word_.fetch_sub(one_waiter, std::memory_order_relaxed);
    }
    tell(EventType::call_rejected);
    return true;
}

void Bulkhead::leave() noexcept {
    tell(EventType::call_finished);
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (!word_.compare_exchange_weak(
        word,
        with_available(word, available_in(word) + 1),
        std::memory_order_release,
        std::memory_order_relaxed
    )) {
    }
    if (waiters_in(word) > 0) admit_waiters();
}

void Bulkhead::admit_waiters() noexcept {
    for (;;) {
        {
            const std::scoped_lock lock(mutex_);
            std::uint64_t word = word_.load(std::memory_order_relaxed);
            do {
                if (available_in(word) <= 0 || waiters_in(word) == 0) return;
            } while (!word_.compare_exchange_weak(
                word,
                with_available(word - one_waiter, available_in(word) - 1),
                std::memory_order_acquire,
                std::memory_order_relaxed
            ));
            queue_.pop()->admitted();
        }
        tell(EventType::call_permitted);
    }
}

Error Bulkhead::refusal() const {
    return {
        ResilienceErrc::bulkhead_full, "Bulkhead '" + name() + "' is full and does not permit further calls"
    };
}

std::uint32_t Bulkhead::available_concurrent_calls() const noexcept {
    const std::int32_t available = available_in(word_.load(std::memory_order_relaxed));
    return static_cast<std::uint32_t>(std::max(available, 0));
}

std::size_t Bulkhead::waiting() const noexcept {
    return waiters_in(word_.load(std::memory_order_relaxed));
}

void Bulkhead::change_limit(std::uint32_t max_concurrent_calls) noexcept {
    const std::uint32_t before = limit_.exchange(max_concurrent_calls, std::memory_order_relaxed);
    const auto more = static_cast<std::int32_t>(max_concurrent_calls - before);
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (!word_.compare_exchange_weak(
        word,
        with_available(word, available_in(word) + more),
        std::memory_order_acq_rel,
        std::memory_order_relaxed
    )) {
    }
    if (more > 0 && waiters_in(word) > 0) admit_waiters();
}

QueueBulkheadConfig QueueBulkheadConfig::for_cores(std::uint32_t cores) {
    return {
        .core_thread_pool_size = std::max(1U, cores > 0 ? cores - 1 : 0),
        .max_thread_pool_size = std::max(1U, cores),
    };
}

Result<void> QueueBulkheadConfig::check() const {
    FLT_CHECK(at_least("coreThreadPoolSize", core_thread_pool_size, 1));
    FLT_CHECK(at_least("maxThreadPoolSize", max_thread_pool_size, 1));
    FLT_CHECK(at_least("eventConsumerBufferSize", event_consumer_buffer_size, 1));
    if (max_thread_pool_size < core_thread_pool_size) {
        return fail(
            Errc::invalid_argument, "maxThreadPoolSize must be greater than or equal to coreThreadPoolSize."
        );
    }
    return {};
}

QueueBulkhead::QueueBulkhead(std::string name, QueueBulkheadConfig config, const Clock& clock)
    : config_(config), clock_(clock), events_(std::move(name)) {}

void QueueBulkhead::tell(EventType type) noexcept {
    if (events_.wanted(type)) events_.publish({.type = type, .at = clock_.now()});
}

Entry QueueBulkhead::enter(Waiter& waiter) noexcept {
    Entry entry = Entry::refused;
    {
        const std::scoped_lock lock(mutex_);
        if (active_ < config_.core_thread_pool_size) {
            entry = Entry::admitted;
        } else if (queue_.size() < config_.queue_capacity) {
            queue_.push(waiter);
            return Entry::waiting;
        } else if (active_ < config_.max_thread_pool_size) {
            entry = Entry::admitted;
        }
        if (entry == Entry::admitted) pool_ = std::max(pool_, ++active_);
    }
    tell(entry == Entry::admitted ? EventType::call_permitted : EventType::call_rejected);
    return entry;
}

bool QueueBulkhead::leave_queue(Waiter& waiter) noexcept {
    {
        const std::scoped_lock lock(mutex_);
        if (!queue_.remove(waiter)) return false;
    }
    tell(EventType::call_rejected);
    return true;
}

void QueueBulkhead::leave() noexcept {
    tell(EventType::call_finished);
    {
        const std::scoped_lock lock(mutex_);
        Waiter* const next = queue_.pop();
        if (!next) {
            --active_;
            pool_ = std::min(pool_, std::max(active_, config_.core_thread_pool_size));
            return;
        }
        next->admitted();
    }
    tell(EventType::call_permitted);
}

Error QueueBulkhead::refusal() const {
    return {
        ResilienceErrc::bulkhead_full, "Bulkhead '" + name() + "' is full and does not permit further calls"
    };
}

QueueBulkhead::Metrics QueueBulkhead::metrics() const noexcept {
    const std::scoped_lock lock(mutex_);
    return {
        .queue_depth = static_cast<std::uint32_t>(queue_.size()),
        .queue_capacity = config_.queue_capacity,
        .thread_pool_size = pool_,
        .active_threads = active_,
    };
}

}  // namespace flotilla::resilience
