#include "pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "flotilla/base/random.hpp"
#include "flotilla/base/task_context.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;

/// A little less than the configured life, by chance, so that connections made together do not go together.
TimePoint end_of_life(TimePoint now, Duration life) {
    if (life <= Duration::zero()) return TimePoint::max();
    const double part = 1.0 - 0.025 * Random::of_thread().unit();
    return Deadline::after(
               now, Duration(static_cast<Duration::rep>(static_cast<double>(life.count()) * part))
    )
        .at();
}

PoolConfig adjusted(PoolConfig config, const DriverInfo& info) {
    if (info.single_connection) {
        config.maximum_pool_size = 1;
        config.minimum_idle = 1;
        config.idle_timeout = {};
        config.max_lifetime = {};
    }
    config.minimum_idle = std::min(config.minimum_idle, config.maximum_pool_size);
    return config;
}

}  // namespace

/// Somebody who waits for a connection.
struct Pool::Caller {
    Caller(runtime::EventLoop& loop, bool needs_turn) noexcept : home(loop), writer(needs_turn) {}

    runtime::EventLoop& home;
    const bool writer;
    std::uint64_t order = 0;
    runtime::Signal signal;  // on the home loop only
    LeasePtr granted;        // the rest under the pool's mutex
    bool refused = false;
};

/// Takes a caller out of the queue, however the wait ends; what was granted meanwhile goes back.
class Pool::Leaving {
public:
    Leaving(Pool& pool, std::shared_ptr<Caller> caller) noexcept : pool_(pool), caller_(std::move(caller)) {}

    ~Leaving() {
        LeasePtr unused;  // goes after the lock
        const std::lock_guard lock(pool_.mutex_);
        std::erase(caller_->writer ? pool_.writers_ : pool_.readers_, caller_);
        unused = std::move(caller_->granted);
    }

    Leaving(const Leaving&) = delete;
    Leaving& operator=(const Leaving&) = delete;

private:
    Pool& pool_;
    std::shared_ptr<Caller> caller_;
};

Lease::Lease(std::shared_ptr<Pool> pool, Slot from, bool has_turn, TimePoint since) noexcept
    : slot(std::move(from)), writer(has_turn), taken(since), pool_(std::move(pool)) {}

Lease::~Lease() {
    if (slot.connection && !slot.connection->broken() && slot.connection->in_transaction()) {
        slot.connection->rearm();
        if (!slot.connection->rollback()) slot.connection.reset();
    }
    pool_->give_back(std::move(slot), writer, taken);
}

Pool::Pool(
    runtime::Runtime& runtime,
    std::unique_ptr<Driver> driver,
    const DataSourceConfig& config,
    Telemetry telemetry
)
    : clock_(runtime.clock()),
      driver_(std::move(driver)),
      config_(adjusted(config.hikari, driver_->info())),
      statement_timeout_(saturated(config.statement_timeout)),
      telemetry_(telemetry),
      meters_(telemetry.meters, config_),
      // Each connection has one piece of work at a time; one thread more cancels what is late.
      threads_(std::make_unique<runtime::BlockingPool>(runtime::BlockingPoolConfig{
          .threads = config_.maximum_pool_size + 1, .queue_capacity = 4 * config_.maximum_pool_size + 64
      })) {}

Deadline Pool::deadline() const noexcept {
    const Deadline own = TaskContext::current().deadline;
    if (statement_timeout_ <= Duration::zero()) return own;
    return own.or_sooner(Deadline::after(clock_.now(), statement_timeout_));
}

bool Pool::wants_turn(Access access) const noexcept {
    return access == Access::read_write && driver_->info().single_writer;
}

LeasePtr Pool::take(bool writer) {
    if (writer && writing_) return nullptr;
    const TimePoint now = clock_.now();
    while (!idle_.empty()) {
        // The last one used is the warmest. Those who write keep to one connection, whose cache stays valid.
        auto best = std::find_if(idle_.rbegin(), idle_.rend(), [&](const Slot& slot) {
            return slot.has_written == writer;
        });
        if (best == idle_.rend()) best = idle_.rbegin();
        Slot slot = std::move(*best);
        idle_.erase(std::next(best).base());
        if (slot.expires <= now) {
            --total_;
            discard(std::move(slot));
            continue;
        }
        writing_ = writing_ || writer;
        return std::make_unique<Lease>(shared_from_this(), std::move(slot), writer, now);
    }
    if (total_ >= config_.maximum_pool_size) return nullptr;
    ++total_;
    writing_ = writing_ || writer;
    return std::make_unique<Lease>(shared_from_this(), Slot{}, writer, now);
}

Task<Result<LeasePtr>> Pool::acquire(Access access, Deadline deadline) {
    const TimePoint asked = clock_.now();
    const bool writer = wants_turn(access);
    const auto caller = std::make_shared<Caller>(runtime::EventLoop::current(), writer);
    {
        const std::lock_guard lock(mutex_);
        if (closed_) co_return fail(SqlErrc::closed);
        if (LeasePtr lease = take(writer)) {
            meters_.acquire.record(clock_.now() - asked);
            co_return lease;
        }
        if (readers_.size() + writers_.size() >= config_.maximum_pending)
            co_return fail(
                SqlErrc::pool_exhausted,
                fmt::format("{}: {} callers wait already", config_.pool_name, config_.maximum_pending)
            );
        caller->order = ++asked_;
        (writer ? writers_ : readers_).push_back(caller);
    }

    const Leaving leaving(*this, caller);
    const Deadline patience = Deadline::after(asked, saturated(config_.connection_timeout));
    const Deadline until = deadline.or_sooner(patience);
    for (;;) {
        const runtime::Wake wake = co_await caller->signal.wait(until);
        const std::lock_guard lock(mutex_);
        if (caller->granted) {
            LeasePtr lease = std::move(caller->granted);
            meters_.acquire.record(clock_.now() - asked);
            co_return lease;
        }
        if (caller->refused) co_return fail(SqlErrc::closed);
        if (wake != runtime::Wake::timed_out) continue;
        ++timeouts_;
        meters_.timeouts.increment();
        co_return flotilla::fail(exhausted(until == deadline, clock_.now() - asked));
    }
}

Error Pool::exhausted(bool by_deadline, Duration waited) const {
    return {
        make_error_code(by_deadline ? SqlErrc::timed_out : SqlErrc::pool_exhausted),
        fmt::format(
            "{} - Connection is not available, request timed out after {}ms (total={}, idle={}, waiting={})",
            config_.pool_name,
            std::chrono::duration_cast<std::chrono::milliseconds>(waited).count(),
            total_,
            idle_.size(),
            readers_.size() + writers_.size()
        )
    };
}

void Pool::give_back(Slot slot, bool writer, TimePoint taken) noexcept {
    const TimePoint now = clock_.now();
    meters_.usage.record(now - taken);
    const std::lock_guard lock(mutex_);
    if (writer) writing_ = false;
    if (!slot.connection || slot.connection->broken() || slot.expires <= now || closed_) {
        --total_;
        discard(std::move(slot));
    } else {
        slot.used = now;
        slot.has_written = writer;
        idle_.push_back(std::move(slot));
    }
    serve_waiting();
}

void Pool::serve_waiting() {
    while (!readers_.empty() || !writers_.empty()) {
        const bool writer_first = !writers_.empty() && !writing_ &&
                                  (readers_.empty() || writers_.front()->order < readers_.front()->order);
        auto& queue = writer_first ? writers_ : readers_;
        if (queue.empty()) return;
        LeasePtr lease = take(writer_first);
        if (!lease) return;
        const std::shared_ptr<Caller> caller = std::move(queue.front());
        queue.pop_front();
        caller->granted = std::move(lease);
        caller->home.post([caller] { caller->signal.notify_all(); });
    }
}

void Pool::discard(Slot slot) noexcept {
    if (!slot.connection) return;
    // Closing may write to a file or to a socket: not on a loop. Where no thread takes it, it must be here.
    (void)threads_->submit([gone = std::move(slot)] {});
}

void Pool::dispose(LeasePtr lease) noexcept {
    if (!lease) return;
    (void)threads_->submit([gone = std::move(lease)] {});
}

void Pool::close() {
    std::deque<std::shared_ptr<Caller>> waiting;
    std::vector<Slot> idle;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        waiting.swap(readers_);
        waiting.insert(waiting.end(), writers_.begin(), writers_.end());
        writers_.clear();
        idle.swap(idle_);
        total_ -= idle.size();
        for (const auto& caller : waiting) {
            caller->refused = true;
            caller->home.post([caller] { caller->signal.notify_all(); });
        }
    }
    idle.clear();
    threads_->stop();
}

PoolStats Pool::stats() const {
    const std::lock_guard lock(mutex_);
    return {
        .total = total_,
        .active = total_ - idle_.size(),
        .idle = idle_.size(),
        .pending = readers_.size() + writers_.size(),
        .timeouts = timeouts_,
    };
}

void Pool::sweep() {
    const TimePoint now = clock_.now();
    const Duration idle_timeout = saturated(config_.idle_timeout);
    const std::lock_guard lock(mutex_);
    // The one that was used longest ago comes first.
    for (std::size_t i = 0; i < idle_.size();) {
        const bool idle_too_long = idle_timeout > Duration::zero() && now - idle_[i].used >= idle_timeout &&
                                   total_ > config_.minimum_idle;
        if (!idle_too_long && idle_[i].expires > now) {
            ++i;
            continue;
        }
        --total_;
        discard(std::move(idle_[i]));
        idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

Task<> Pool::sweep_until_gone(std::weak_ptr<Pool> weak, Duration interval) {
    for (;;) {
        co_await runtime::sleep_for(interval);
        const auto self = weak.lock();
        if (!self) co_return;
        self->sweep();
    }
}

void Pool::start_watching(runtime::EventLoop& loop) {
    meters_.watch(weak_from_this());
    Duration shortest = 30s;
    for (const auto limit : {saturated(config_.idle_timeout), saturated(config_.max_lifetime)})
        if (limit > Duration::zero()) shortest = std::min(shortest, limit / 2);
    // Owned by nobody: it holds the pool weakly, and ends when there is nothing left to sweep.
    asio::co_spawn(
        loop.executor(),
        sweep_until_gone(weak_from_this(), std::max<Duration>(shortest, 10ms)),
        asio::detached
    );
}

Result<void> Pool::open(Slot& slot, Deadline deadline) {
    const TimePoint begun = clock_.now();
    const Deadline until = deadline.or_sooner(Deadline::after(begun, saturated(config_.validation_timeout)));
    FLT_TRY(slot.connection, driver_->connect(until));
    const TimePoint now = clock_.now();
    meters_.creation.record(now - begun);
    slot.expires = end_of_life(now, saturated(config_.max_lifetime));
    slot.used = now;
    return {};
}

Result<void> Pool::make_ready(Slot& slot, Deadline deadline) {
    // As HikariCP: what was used a moment ago is taken to be alive.
    constexpr Duration bypass = 500ms;
    if (slot.connection) slot.connection->rearm();
    // Never another connection in the middle of a transaction: the statement itself says what is wrong with
    // this one.
    if (slot.connection && slot.connection->in_transaction()) return {};
    if (slot.connection && slot.connection->looks_alive()) {
        const TimePoint now = clock_.now();
        if (now - slot.used < bypass) return {};
        const Deadline until =
            deadline.or_sooner(Deadline::after(now, saturated(config_.validation_timeout)));
        if (slot.connection->ping(until)) return {};
    }
    slot.connection.reset();
    return open(slot, deadline);
}

}  // namespace flotilla::sql
