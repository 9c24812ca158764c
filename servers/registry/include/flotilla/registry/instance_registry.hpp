#pragma once
/// The core of the registry: leases, status overrides, eviction, self-preservation and what has changed.
///
/// Pure: it is told the time with every event, reads no clock, opens no socket and starts nothing, so that
/// thousands of seeded schedules run in seconds. Not thread-safe; the shell guards it with one lock, under
/// which nothing is written or compressed.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flotilla/base/random.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/eureka/applications.hpp"
#include "flotilla/registry/change_log.hpp"
#include "flotilla/registry/registry_config.hpp"
#include "flotilla/registry/registry_types.hpp"
#include "flotilla/registry/remote_regions.hpp"
#include "flotilla/registry/renewal_rate.hpp"

namespace flotilla::registry {

class InstanceRegistry {
public:
    /// `first_version` is where versions begin; they grow by one with each change.
    InstanceRegistry(EurekaServerConfig config, Random random, Moment start, std::uint64_t first_version = 1);
    ~InstanceRegistry();
    InstanceRegistry(const InstanceRegistry&) = delete;
    InstanceRegistry& operator=(const InstanceRegistry&) = delete;

    // Writes.

    /// `Errc::limit_exceeded` when there are too many already. An older instance than the one here leaves the
    /// data as it is, but gets a new lease.
    Result<void> enroll(InstanceInfo instance, Origin origin, Moment at);
    /// `override` is what a peer says of an override; absent where it says nothing.
    RenewalAnswer renew(
        std::string_view app,
        std::string_view id,
        std::optional<std::int64_t> last_dirty_timestamp,
        std::optional<InstanceStatus> override_at_peer,
        Origin origin,
        Moment at
    );
    /// Whether there was one.
    bool cancel(std::string_view app, std::string_view id, Moment at);
    /// Whether there is such an instance, expired or not.
    bool override_status(
        std::string_view app,
        std::string_view id,
        InstanceStatus status,
        std::optional<std::int64_t> last_dirty_timestamp,
        Moment at
    );
    bool delete_override(
        std::string_view app,
        std::string_view id,
        InstanceStatus status,
        std::optional<std::int64_t> last_dirty_timestamp,
        Moment at
    );
    /// `not_found`; `limit_exceeded` when it would have more metadata than a registration may bring.
    Result<void> put_metadata(
        std::string_view app, std::string_view id, const eureka::Metadata& values, Moment at
    );

    /// What another region holds now.
    void set_region(std::size_t region, const eureka::Applications& copy, Moment at);

    // Timers.

    /// Cancels some of those whose lease has run out. How many.
    std::size_t evict(Moment at);
    /// Counts the expected clients anew.
    void update_threshold();
    /// After the start: `copied` instances came from peers; without any, `default_count` clients are assumed.
    void open_for_traffic(std::int64_t copied, std::int64_t default_count, Moment at);

    /// Of this process's own instance, for `isCoordinatingDiscoveryServer`.
    void set_own_id(std::string id) { own_id_ = std::move(id); }

    // Reads.

    /// False while a registry that found no peers waits for clients to come back.
    [[nodiscard]] bool allows_reads(Moment at) const noexcept;
    /// Whether there is such an instance that has not expired, or while expiry does not count.
    [[nodiscard]] bool has(std::string_view app, std::string_view id, Moment at);
    /// One instance with its live lease; null when unknown, or expired while expiry counts.
    [[nodiscard]] InstancePtr instance(std::string_view app, std::string_view id, Moment at);
    /// The first one with that id in any application.
    [[nodiscard]] InstancePtr instance(std::string_view id, Moment at);
    /// As it is, without regard to its lease; null when unknown.
    [[nodiscard]] InstancePtr holder(std::string_view app, std::string_view id) const;
    [[nodiscard]] std::shared_ptr<const eureka::Application> application(std::string_view app);
    [[nodiscard]] RegistryView view();

    // Reads that take in other regions as well.

    [[nodiscard]] const RemoteRegions& regions() const noexcept { return regions_; }

    [[nodiscard]] RegistryView view(RegionSet set);
    /// From the own region, or where that has none, from those that a read usually takes in.
    [[nodiscard]] std::shared_ptr<const eureka::Application> application_anywhere(std::string_view app);
    [[nodiscard]] InstancePtr instance_anywhere(std::string_view app, std::string_view id, Moment at);
    [[nodiscard]] InstancePtr instance_anywhere(std::string_view id, Moment at);
    [[nodiscard]] eureka::Applications by_vip(std::string_view vip, bool secure, RegionSet set = 0);

    /// Changes of the last minutes, as delta documents have them.
    [[nodiscard]] eureka::Applications delta(RegionSet set, Moment at);

    [[nodiscard]] eureka::Applications delta(Moment at) { return delta(0, at); }

    /// Exactly the changes after that version; nothing when they are no longer known, or it lies ahead.
    [[nodiscard]] std::optional<eureka::Applications> delta_since(std::uint64_t version, RegionSet set = 0);

    /// Instances of applications for which `wanted` is true.
    template <class Wanted>
    [[nodiscard]] std::vector<CatalogEntry> catalog(Wanted&& wanted, Moment at) const;
    [[nodiscard]] std::vector<std::string> application_names() const;
    /// The version of its last change; 0 for one that never was.
    [[nodiscard]] std::uint64_t application_version(std::string_view app) const;

    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] std::string hash_code(RegionSet set = 0);

    [[nodiscard]] RenewalFigures figures(Moment at);

    [[nodiscard]] const std::map<std::string, InstanceStatus, std::less<>>& overrides() const noexcept {
        return overrides_;
    }

    /// The newest first.
    [[nodiscard]] std::vector<HistoryEntry> enrolled_history() const;
    [[nodiscard]] std::vector<HistoryEntry> cancelled_history() const;

private:
    struct Lease {
        InstancePtr holder;
        Duration duration{};
        TimePoint counts_from;  ///< expires one duration after it
        std::int64_t registered_ms = 0;
        std::int64_t renewed_ms = 0;
        std::int64_t service_up_ms = 0;
        TimePoint overridden;  ///< when the override was last set or confirmed here

        /// The first time only; a deleted override does not count, as with Eureka.
        void mark_up(Moment at) noexcept {
            if (service_up_ms == 0) service_up_ms = at.wall_ms;
        }

        [[nodiscard]] bool expired(TimePoint now, Duration compensation = {}) const noexcept {
            return now > counts_from + duration + compensation;
        }
    };

    struct App {
        std::map<std::string, Lease, std::less<>> leases;
        std::uint64_t version = 0;
        std::shared_ptr<const eureka::Application> view;  ///< made when it is asked for
    };

    using Apps = std::map<std::string, App, std::less<>>;

    /// Application and id; the texts are those of the maps.
    struct Key {
        std::string_view app;
        std::string_view id;

        friend bool operator==(const Key&, const Key&) = default;
    };

    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            const std::hash<std::string_view> hash;
            return hash(key.id) * 31 + hash(key.app);
        }
    };

    [[nodiscard]] const Lease* find(std::string_view app, std::string_view id) const noexcept;
    [[nodiscard]] Lease* find(std::string_view app, std::string_view id) noexcept;
    [[nodiscard]] const Lease* find_live(std::string_view app, std::string_view id, Moment at);
    [[nodiscard]] InstanceStatus resolve_status(
        InstanceStatus reported, std::string_view id, Origin origin, const Lease* existing
    ) const noexcept;
    [[nodiscard]] std::optional<InstanceStatus> stored_override(std::string_view id) const noexcept;
    void renew_lease(Lease& lease, Moment at) const noexcept;
    /// Makes the holder say what `instance` says, with the lease's figures, and tells it as a change.
    void change(App& app, Lease& lease, InstanceInfo instance, eureka::ActionType action, Moment at);
    void record_override(
        std::string_view app,
        Lease& lease,
        InstanceStatus status,
        std::optional<std::int64_t> last_dirty_timestamp,
        Moment at
    );
    bool drop(std::string_view app, std::string_view id, Moment at);
    void remember(std::deque<HistoryEntry>& history, std::string_view app, std::string_view id, Moment at);
    void recompute_threshold() noexcept;
    [[nodiscard]] bool lease_expiration_enabled(TimePoint now);
    [[nodiscard]] eureka::LeaseInfo lease_info(const InstanceInfo& instance, const Lease& lease) const;
    [[nodiscard]] InstancePtr live(const Lease& lease) const;
    [[nodiscard]] std::shared_ptr<const eureka::Application> view_of(std::string_view name, App& app) const;
    [[nodiscard]] ChangeFilter changes_of(RegionSet set) const;

    EurekaServerConfig config_;
    Random random_;
    std::string own_id_;
    Apps apps_;
    std::unordered_map<Key, Lease*, KeyHash>
        index_;  ///< every lease: a heartbeat is a look-up and little else
    std::map<std::string, std::uint64_t, std::less<>> departed_;  ///< versions of applications that are gone
    std::map<std::string, InstanceStatus, std::less<>> overrides_;
    std::size_t size_ = 0;
    eureka::StatusCounts counts_;
    std::uint64_t version_;
    ChangeLog changes_;
    RemoteRegions regions_;
    std::map<RegionSet, RegistryView> views_;  ///< the last one of each set
    RenewalRate renewals_;
    std::int64_t expected_clients_ = 1;
    std::int64_t threshold_ = 0;
    std::optional<TimePoint> last_eviction_;
    std::optional<TimePoint> reads_from_;
    std::deque<HistoryEntry> enrolled_;
    std::deque<HistoryEntry> cancelled_;
};

template <class Wanted>
std::vector<CatalogEntry> InstanceRegistry::catalog(Wanted&& wanted, Moment at) const {
    std::vector<CatalogEntry> entries;
    for (const auto& [name, app] : apps_) {
        if (!wanted(name)) continue;
        for (const auto& [id, lease] : app.leases) entries.push_back({lease.holder, lease.expired(at.now)});
    }
    return entries;
}

}  // namespace flotilla::registry
