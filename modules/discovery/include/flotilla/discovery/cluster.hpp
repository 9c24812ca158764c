#pragma once
/// The instances of one service as one caller sees them: who is there, who is well, whose turn it is.
///
///     Lease lease = cluster.pick({.now = now});
///     if (!lease) return fail(DiscoveryErrc::no_instances, cluster.service());
///     ... call lease.instance() ...
///     lease.finish(Outcome::success, now);

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/discovery/balancer_config.hpp"
#include "flotilla/discovery/member.hpp"
#include "flotilla/discovery/picker.hpp"

namespace flotilla::discovery {

/// Something that happened to an instance, for log lines and meters.
struct ClusterEvent {
    enum class Kind : std::uint8_t { ejected, returned, check_failed, check_passed };

    Kind kind;
    const ServiceInstance& instance;
    std::string_view reason;  ///< `connect failure`, `consecutive 5xx`, `success rate`, ...
    Duration for_time{};      ///< of an ejection
};

/// Reads no clock and starts no task: callers give the time, and what is due by then (the end of an ejection,
/// a sweep, a step of slow start) is done by the pick that comes first. Shared by all threads. A pick takes
/// no lock: each thread keeps the current list and looks whether its version is still that.
class Cluster {
public:
    using Listener = std::function<void(const ClusterEvent&)>;

    /// `seed` decides where round robin begins. `listener` is called under the cluster's lock, or never.
    explicit Cluster(
        std::string service, BalancerConfig config = {}, std::uint64_t seed = 0, Listener listener = {}
    );
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    /// The list has changed. Whoever stays keeps its figures. A list older than the last one is ignored.
    void update(const InstanceList& list, TimePoint now);
    /// What an active check has found; a good one also ends an ejection. Unknown ids are ignored.
    void checked(std::string_view id, bool alive, TimePoint now);

    /// An empty lease when nobody is there.
    Lease pick(const PickRequest& request);

    /// Everybody in the list, well or not.
    [[nodiscard]] std::vector<MemberRef> members() const;
    /// Those that are picked from now; for views and tests.
    [[nodiscard]] std::vector<MemberRef> candidates() const;

    [[nodiscard]] const std::string& service() const noexcept { return service_; }

    [[nodiscard]] const BalancerConfig& config() const noexcept { return config_; }

private:
    friend class Lease;
    struct List;
    struct Slot;

    Lease pick_from(const List& list, const PickRequest& request, Random& of_thread);
    [[nodiscard]] std::size_t pick_chosen(const List& list, const PickRequest& request, Random& random) const;
    [[nodiscard]] std::size_t pick_same(const List& list, const PickRequest& request, Random& random);
    [[nodiscard]] std::shared_ptr<const List> shared_list() const;
    void ended(Member& member, Outcome outcome, Duration taken, TimePoint now);
    void catch_up(TimePoint now);

    // Under mutex_.
    void rebuild(TimePoint now);
    [[nodiscard]] bool eject(Member& member, std::string_view reason, std::uint32_t percent, TimePoint now);
    [[nodiscard]] bool release_due(TimePoint now);
    [[nodiscard]] bool sweep(TimePoint now);
    [[nodiscard]] double share(const Member& member, TimePoint now) const;
    [[nodiscard]] TimePoint next_due(TimePoint now) const;
    void tell(ClusterEvent::Kind kind, const Member& member, std::string_view reason, Duration time = {});

    const std::string service_;
    const BalancerConfig config_;
    const Listener listener_;
    PickerState state_;

    mutable std::mutex mutex_;
    std::vector<MemberRef> members_;
    std::shared_ptr<const List> list_;
    std::uint64_t list_version_ = 0;  // of the source
    bool filled_ = false;             // a first list has come
    TimePoint next_sweep_;

    std::atomic<std::uint64_t> version_{1};
    std::unique_ptr<Slot[]> slots_;  // one for each thread
};

}  // namespace flotilla::discovery
