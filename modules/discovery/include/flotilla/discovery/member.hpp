#pragma once
/// An instance as a caller sees it: with the calls under way and how they have ended; and the right to make a
/// call.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

#include "flotilla/base/clock.hpp"
#include "flotilla/discovery/service_instance.hpp"

namespace flotilla::discovery {

class Cluster;

/// How a call ended, as far as the instance is to blame.
enum class Outcome : std::uint8_t {
    success,         ///< any answer that is no 5xx
    server_error,    ///< 500, 501, 505 and so on
    gateway_error,   ///< 502, 503, 504
    no_answer,       ///< connected, but closed or silent: counts as a gateway error
    connect_failed,  ///< nobody listens there
    cancelled,       ///< by the caller: says nothing
};

/// The outcome that a status tells.
constexpr Outcome outcome_of_status(int status) noexcept {
    if (status == 502 || status == 503 || status == 504) return Outcome::gateway_error;
    return status >= 500 && status < 600 ? Outcome::server_error : Outcome::success;
}

/// Shared by all lists that an instance is in and by all calls to it, which is counted in one word. Figures
/// are read and written by all threads without a lock; each is right by itself, not all together.
class alignas(64) Member {
public:
    explicit Member(ServiceInstance instance, TimePoint first_seen, bool warm);
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    [[nodiscard]] const ServiceInstance& instance() const noexcept { return instance_; }

    /// Calls of ours that are under way.
    [[nodiscard]] std::uint32_t active() const noexcept {
        return static_cast<std::uint32_t>(count_.load(std::memory_order_relaxed) >> 32);
    }

    /// Moving average of latency that follows a peak at once; 0 before the first answer.
    [[nodiscard]] Duration latency(TimePoint now) const noexcept;

    static constexpr Duration latency_decay = std::chrono::seconds(10);  ///< as Finagle has it

    /// That average as it was at the last answer.
    struct Measured {
        Duration latency;  ///< 0 before the first answer
        TimePoint at;
    };

    [[nodiscard]] Measured measured() const noexcept {
        return {
            Duration(latency_ns_.load(std::memory_order_relaxed)),
            TimePoint(Duration(latency_at_.load(std::memory_order_relaxed)))
        };
    }

    [[nodiscard]] bool ejected() const noexcept { return ejected_.load(std::memory_order_relaxed); }

    /// What the last active check said; true where none is made.
    [[nodiscard]] bool alive() const noexcept { return alive_.load(std::memory_order_relaxed); }

private:
    friend class Cluster;
    friend class OutlierRules;
    friend class Lease;
    friend class MemberRef;

    static constexpr std::uint64_t one_call = std::uint64_t{1} << 32;

    ~Member() = default;
    void take_figures_of(const Member& former) noexcept;
    void record(Outcome outcome, Duration taken, TimePoint now) noexcept;
    void measure_latency(Duration taken, TimePoint now) noexcept;

    void add(std::uint64_t what) noexcept { count_.fetch_add(what, std::memory_order_relaxed); }

    void drop(std::uint64_t what) noexcept {
        if (count_.fetch_sub(what, std::memory_order_acq_rel) == what) delete this;
    }

    std::atomic<std::uint64_t> count_{0};  // calls under way in the high half, references in the low one
    std::atomic<std::int64_t> latency_ns_{0};
    std::atomic<std::int64_t> latency_at_{0};
    std::atomic<std::uint32_t> row_of_5xx_{0};
    std::atomic<std::uint32_t> row_of_gateway_{0};
    std::atomic<std::uint32_t> row_of_connect_{0};
    std::atomic<std::uint32_t> requests_{0};  // since the last sweep
    std::atomic<std::uint32_t> failures_{0};
    std::atomic<bool> ejected_{false};
    std::atomic<bool> alive_{true};

    // Under the cluster's lock.
    std::uint32_t times_ejected_ = 0;
    TimePoint ejected_until_;

    const ServiceInstance instance_;
    const TimePoint first_seen_;
    const bool warm_;  // was there from the beginning: no slow start
};

/// Keeps a member alive.
class MemberRef {
public:
    explicit MemberRef(Member* member) noexcept : member_(member) { member_->add(1); }

    MemberRef(const MemberRef& other) noexcept : MemberRef(other.member_) {}

    MemberRef(MemberRef&& other) noexcept : member_(std::exchange(other.member_, nullptr)) {}

    MemberRef& operator=(MemberRef other) noexcept {
        std::swap(member_, other.member_);
        return *this;
    }

    ~MemberRef() {
        if (member_) member_->drop(1);
    }

    [[nodiscard]] Member& operator*() const noexcept { return *member_; }

    [[nodiscard]] Member* operator->() const noexcept { return member_; }

    [[nodiscard]] Member* get() const noexcept { return member_; }

private:
    Member* member_;
};

/// A picked instance, for one call: counts as a call under way until it is finished or goes. To drop it
/// unfinished says nothing about the instance. Its cluster outlives it.
class [[nodiscard]] Lease {
public:
    Lease() noexcept = default;

    Lease(Lease&& other) noexcept
        : cluster_(other.cluster_), member_(std::exchange(other.member_, nullptr)), began_(other.began_) {}

    Lease& operator=(Lease&& other) noexcept {
        if (this != &other) {
            release();
            cluster_ = other.cluster_;
            member_ = std::exchange(other.member_, nullptr);
            began_ = other.began_;
        }
        return *this;
    }

    ~Lease() { release(); }

    /// False when there was nobody to pick.
    [[nodiscard]] explicit operator bool() const noexcept { return member_ != nullptr; }

    [[nodiscard]] const ServiceInstance& instance() const noexcept { return member_->instance(); }

    [[nodiscard]] const Member& member() const noexcept { return *member_; }

    /// The call has ended; may eject the instance. Empty afterwards.
    void finish(Outcome outcome, TimePoint now);

private:
    friend class Cluster;

    Lease(Cluster& cluster, Member& member, TimePoint began) noexcept
        : cluster_(&cluster), member_(&member), began_(began) {
        member.add(Member::one_call);
    }

    void release() noexcept {
        if (member_) std::exchange(member_, nullptr)->drop(Member::one_call);
    }

    Cluster* cluster_ = nullptr;
    Member* member_ = nullptr;
    TimePoint began_;
};

}  // namespace flotilla::discovery
