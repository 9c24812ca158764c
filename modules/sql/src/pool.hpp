#pragma once
// The connections of a Database: who has one, who waits for one, and which have grown old.

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "flotilla/runtime/blocking_pool.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/sql/database.hpp"
#include "flotilla/sql/driver.hpp"
#include "meters.hpp"

namespace flotilla::sql {

class Pool;

/// A connection with what the pool knows about it. Without a connection it is the right to open one.
struct Slot {
    std::unique_ptr<Connection> connection;
    TimePoint expires = TimePoint::max();
    TimePoint used{};
    bool has_written = false;
};

/// One caller's hold of a slot, and of the one writer's turn where there is such a thing. Goes back to the
/// pool when destroyed, which is quick unless a transaction is open: then it must happen on a thread that may
/// block.
class Lease {
public:
    Lease(std::shared_ptr<Pool> pool, Slot slot, bool writer, TimePoint taken) noexcept;
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Slot slot;
    const bool writer;
    const TimePoint taken;

private:
    std::shared_ptr<Pool> pool_;
};

using LeasePtr = std::unique_ptr<Lease>;

/// What is done with a connection on a thread of the pool.
using Work = std::move_only_function<Result<Rows>(Connection&, Deadline)>;

/// Those who want a work that its caller leaves before its end.
class Heirs {
public:
    /// `stop` cancels it, when nobody wants it any more.
    virtual void inherit(std::function<void()> stop) = 0;
    /// Until when the caller waits for it.
    [[nodiscard]] virtual Deadline patience() const = 0;

protected:
    ~Heirs() = default;
};

/// Shared by the loops: guarded by a mutex that is held for moments only.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    Pool(
        runtime::Runtime& runtime,
        std::unique_ptr<Driver> driver,
        const DataSourceConfig& config,
        Telemetry telemetry
    );

    /// First come, first served, among readers and among writers. Waits for `connection-timeout` or the
    /// deadline.
    Task<Result<LeasePtr>> acquire(Access access, Deadline deadline);

    /// Works with the lease's connection on a thread, opening it first where there is none, and gives the
    /// lease back to the caller (`keep`) or at once, on that thread, to the pool. At the deadline, or when
    /// the calling task is cancelled, the work is cancelled. A work that does not end even so is left behind
    /// with its lease. With `heirs` the caller leaves before the deadline when its own patience ends.
    Task<Result<Rows>> perform(
        LeasePtr& lease, bool keep, Work work, Deadline deadline, Heirs* heirs = nullptr
    );

    /// Gives a lease back on a thread that may block.
    void dispose(LeasePtr lease) noexcept;

    /// Refuses callers from now on and closes what is idle; waits for what is being done.
    void close();

    [[nodiscard]] PoolStats stats() const;

    [[nodiscard]] const Driver& driver() const noexcept { return *driver_; }

    [[nodiscard]] const Telemetry& telemetry() const noexcept { return telemetry_; }

    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

    [[nodiscard]] TimePoint now() const noexcept { return clock_.now(); }

    [[nodiscard]] const PoolConfig& config() const noexcept { return config_; }

    /// Of a statement that begins now: the running task's, or the statement timeout's.
    [[nodiscard]] Deadline deadline() const noexcept;

    /// Closes idle connections from time to time, and shows the gauges, until the pool is gone.
    void start_watching(runtime::EventLoop& loop);

private:
    friend class Lease;

    struct Caller;
    struct Call;
    class Leaving;
    class Attending;

    [[nodiscard]] bool wants_turn(Access access) const noexcept;
    LeasePtr take(bool writer);
    void give_back(Slot slot, bool writer, TimePoint taken) noexcept;
    void serve_waiting();
    void discard(Slot slot) noexcept;
    void sweep();
    static Task<> sweep_until_gone(std::weak_ptr<Pool> weak, Duration interval);
    [[nodiscard]] Error exhausted(bool by_deadline, Duration waited) const;

    Result<void> make_ready(Slot& slot, Deadline deadline);
    Result<void> open(Slot& slot, Deadline deadline);
    void do_work(Call& call, LeasePtr& lease, bool keep, Work& work, Deadline deadline);
    void cancel(const std::shared_ptr<Call>& call) noexcept;

    const Clock& clock_;
    const std::unique_ptr<Driver> driver_;
    const PoolConfig config_;
    const Duration statement_timeout_;
    const Telemetry telemetry_;
    Meters meters_;

    mutable std::mutex mutex_;
    std::vector<Slot> idle_;
    std::size_t total_ = 0;
    bool writing_ = false;
    bool closed_ = false;
    std::uint64_t asked_ = 0;
    std::uint64_t timeouts_ = 0;
    std::deque<std::shared_ptr<Caller>> readers_;
    std::deque<std::shared_ptr<Caller>> writers_;

    // Last, so that it ends before what its jobs use; stopped by close() in any case.
    std::unique_ptr<runtime::BlockingPool> threads_;
};

}  // namespace flotilla::sql
