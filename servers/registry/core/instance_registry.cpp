#include "flotilla/registry/instance_registry.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "flotilla/eureka/codec.hpp"

namespace flotilla::registry {

namespace {

using eureka::ActionType;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t history_limit = 1000;
constexpr std::size_t departed_limit = 10'000;
/// A registry that an instance renews at knows best whether it is overridden. Its peers drop an override that
/// it does not mention, but not before changes on their way must have arrived.
constexpr Duration override_grace = seconds(60);

bool is_up_or_out(InstanceStatus status) noexcept {
    return status == InstanceStatus::up || status == InstanceStatus::out_of_service;
}

}  // namespace

InstanceRegistry::InstanceRegistry(
    EurekaServerConfig config, Random random, Moment start, std::uint64_t first_version
)
    : config_(std::move(config)),
      random_(random),
      version_(first_version),
      changes_(milliseconds(config_.retention_time_in_ms_in_delta_queue)),
      regions_(config_),
      renewals_(start.now) {
    recompute_threshold();
}

InstanceRegistry::~InstanceRegistry() = default;

// ---- lookups

const InstanceRegistry::Lease* InstanceRegistry::find(std::string_view app, std::string_view id)
    const noexcept {
    const auto found = index_.find({app, id});
    return found == index_.end() ? nullptr : found->second;
}

InstanceRegistry::Lease* InstanceRegistry::find(std::string_view app, std::string_view id) noexcept {
    return const_cast<Lease*>(std::as_const(*this).find(app, id));
}

std::optional<InstanceStatus> InstanceRegistry::stored_override(std::string_view id) const noexcept {
    const auto found = overrides_.find(id);
    return found == overrides_.end() ? std::nullopt : std::optional(found->second);
}

InstanceStatus InstanceRegistry::resolve_status(
    InstanceStatus reported, std::string_view id, Origin origin, const Lease* existing
) const noexcept {
    if (!is_up_or_out(reported)) return reported;
    if (const auto stored = stored_override(id)) return *stored;
    if (origin == Origin::client && existing != nullptr && is_up_or_out(existing->holder->status))
        return existing->holder->status;
    return reported;
}

// ---- changes

eureka::LeaseInfo InstanceRegistry::lease_info(const InstanceInfo& instance, const Lease& lease) const {
    return {
        .renewal_interval_in_secs = instance.lease_info ? instance.lease_info->renewal_interval_in_secs : 30,
        .duration_in_secs = instance.lease_info ? instance.lease_info->duration_in_secs : 90,
        .registration_timestamp = lease.registered_ms,
        .last_renewal_timestamp = lease.renewed_ms,
        .eviction_timestamp = instance.lease_info ? instance.lease_info->eviction_timestamp : 0,
        .service_up_timestamp = lease.service_up_ms
    };
}

void InstanceRegistry::change(App& app, Lease& lease, InstanceInfo instance, ActionType action, Moment at) {
    if (lease.holder) counts_.remove(lease.holder->status);
    instance.lease_info = lease_info(instance, lease);
    instance.action_type = action;
    instance.last_updated_timestamp = at.wall_ms;
    instance.is_coordinating_discovery_server = !own_id_.empty() && instance.id() == own_id_;
    lease.holder = std::make_shared<const InstanceInfo>(std::move(instance));
    counts_.add(lease.holder->status);
    app.version = ++version_;
    app.view.reset();
    changes_.add(version_, at.now, lease.holder);
}

Result<void> InstanceRegistry::enroll(InstanceInfo instance, Origin origin, Moment at) {
    if (instance.last_dirty_timestamp == 0) instance.last_dirty_timestamp = at.wall_ms;
    const std::string id(instance.id());
    const std::string name = instance.app;
    const Lease* existing = find(name, id);
    if (existing == nullptr && size_ >= config_.max_instances)
        return fail(Errc::limit_exceeded, "the registry is full");

    Lease lease{
        .holder = existing != nullptr ? existing->holder : nullptr,
        .duration = seconds(instance.lease_info ? instance.lease_info->duration_in_secs : 90),
        .counts_from = at.now,
        .registered_ms = at.wall_ms,
        .renewed_ms = at.wall_ms,
        .service_up_ms = existing != nullptr ? existing->service_up_ms : 0,
        .overridden = at.now
    };
    if (existing != nullptr && existing->holder->last_dirty_timestamp > instance.last_dirty_timestamp)
        instance = *existing->holder;
    if (instance.lease_info) instance.lease_info->eviction_timestamp = 0;

    if (instance.overridden_status != InstanceStatus::unknown)
        overrides_.try_emplace(id, instance.overridden_status);
    if (const auto stored = stored_override(id)) instance.overridden_status = *stored;
    instance.status = resolve_status(instance.status, id, origin, existing);
    if (instance.status == InstanceStatus::up) lease.mark_up(at);

    if (existing == nullptr) {
        ++size_;
        if (expected_clients_ > 0) {
            ++expected_clients_;
            recompute_threshold();
        }
    }
    const auto app = apps_.try_emplace(name).first;
    departed_.erase(name);
    const auto node = app->second.leases.try_emplace(id).first;
    Lease& kept = node->second = std::move(lease);
    index_.insert_or_assign(Key{app->first, node->first}, &kept);
    change(app->second, kept, std::move(instance), ActionType::added, at);
    remember(enrolled_, name, id, at);
    return {};
}

void InstanceRegistry::renew_lease(Lease& lease, Moment at) const noexcept {
    // Eureka adds the duration twice, once here and once at the test for expiry.
    lease.counts_from = config_.strict_lease ? at.now : at.now + lease.duration;
    lease.renewed_ms = at.wall_ms;
}

RenewalAnswer InstanceRegistry::renew(
    std::string_view app,
    std::string_view id,
    std::optional<std::int64_t> last_dirty_timestamp,
    std::optional<InstanceStatus> override_at_peer,
    Origin origin,
    Moment at
) {
    Lease* lease = find(app, id);
    if (lease == nullptr) return {Renewal::unknown};

    const std::int64_t held = lease->holder->last_dirty_timestamp;
    if (origin == Origin::peer && last_dirty_timestamp == held) {
        // The registry that the instance renews at has the say over its override.
        const auto stored = stored_override(id);
        const bool told = override_at_peer && *override_at_peer != InstanceStatus::unknown;
        if (told && stored != override_at_peer) {
            record_override(app, *lease, *override_at_peer, std::nullopt, at);
        } else if (!told && stored && at.now - lease->overridden > override_grace) {
            delete_override(app, id, InstanceStatus::up, std::nullopt, at);
        } else if (told) {
            lease->overridden = at.now;
        }
    }

    const InstanceStatus status = resolve_status(lease->holder->status, id, origin, lease);
    if (status == InstanceStatus::unknown) return {Renewal::unknown};
    if (status != lease->holder->status) {
        InstanceInfo changed = *lease->holder;
        changed.status = status;
        change(apps_.find(app)->second, *lease, std::move(changed), ActionType::modified, at);
    }
    renew_lease(*lease, at);
    renewals_.count(at.now);

    if (!last_dirty_timestamp || !config_.sync_when_timestamp_differs || *last_dirty_timestamp == held)
        return {Renewal::renewed};
    if (*last_dirty_timestamp > held) {
        if (origin == Origin::peer && override_at_peer && *override_at_peer != InstanceStatus::unknown)
            overrides_.insert_or_assign(std::string(id), *override_at_peer);
        return {Renewal::outdated};
    }
    if (origin == Origin::peer) return {Renewal::conflict, live(*lease)};
    return {Renewal::renewed};
}

bool InstanceRegistry::override_status(
    std::string_view app,
    std::string_view id,
    InstanceStatus status,
    std::optional<std::int64_t> last_dirty_timestamp,
    Moment at
) {
    Lease* lease = find(app, id);
    if (lease == nullptr) return false;
    renew_lease(*lease, at);
    // Who asks for the status that is has nothing recorded.
    if (lease->holder->status != status) record_override(app, *lease, status, last_dirty_timestamp, at);
    return true;
}

void InstanceRegistry::record_override(
    std::string_view app,
    Lease& lease,
    InstanceStatus status,
    std::optional<std::int64_t> last_dirty_timestamp,
    Moment at
) {
    lease.overridden = at.now;
    overrides_.insert_or_assign(std::string(lease.holder->id()), status);
    InstanceInfo changed = *lease.holder;
    changed.overridden_status = status;
    changed.status = status;
    if (status == InstanceStatus::up) lease.mark_up(at);
    if (last_dirty_timestamp)
        changed.last_dirty_timestamp = std::max(changed.last_dirty_timestamp, *last_dirty_timestamp);
    change(apps_.find(app)->second, lease, std::move(changed), ActionType::modified, at);
}

bool InstanceRegistry::delete_override(
    std::string_view app,
    std::string_view id,
    InstanceStatus status,
    std::optional<std::int64_t> last_dirty_timestamp,
    Moment at
) {
    Lease* lease = find(app, id);
    if (lease == nullptr) return false;
    renew_lease(*lease, at);
    const auto stored = overrides_.find(id);
    if (stored == overrides_.end()) return true;
    overrides_.erase(stored);
    InstanceInfo changed = *lease->holder;
    changed.overridden_status = InstanceStatus::unknown;
    changed.status = status;
    if (last_dirty_timestamp)
        changed.last_dirty_timestamp = std::max(changed.last_dirty_timestamp, *last_dirty_timestamp);
    change(apps_.find(app)->second, *lease, std::move(changed), ActionType::modified, at);
    return true;
}

Result<void> InstanceRegistry::put_metadata(
    std::string_view app, std::string_view id, const eureka::Metadata& values, Moment at
) {
    const Lease* lease = find(app, id);
    if (lease == nullptr) return fail(Errc::not_found);
    InstanceInfo changed = *lease->holder;
    for (const auto& [key, value] : values) changed.metadata.insert_or_assign(key, value);
    std::size_t size = 0;
    for (const auto& [key, value] : changed.metadata) size += key.size() + value.size();
    if (size > eureka::instance_limits.bytes || changed.metadata.size() > eureka::instance_limits.elements)
        return fail(Errc::limit_exceeded, "too much metadata");
    return enroll(std::move(changed), Origin::client, at);
}

bool InstanceRegistry::cancel(std::string_view app, std::string_view id, Moment at) {
    // Overrides are kept by id alone, whatever application it is cancelled under.
    if (const auto stored = overrides_.find(id); stored != overrides_.end()) overrides_.erase(stored);
    remember(cancelled_, app, id, at);
    if (!drop(app, id, at)) return false;
    if (expected_clients_ > 0) {
        --expected_clients_;
        recompute_threshold();
    }
    return true;
}

bool InstanceRegistry::drop(std::string_view app, std::string_view id, Moment at) {
    const auto found = apps_.find(app);
    if (found == apps_.end()) return false;
    const auto lease = found->second.leases.find(id);
    if (lease == found->second.leases.end()) return false;

    InstanceInfo gone = *lease->second.holder;
    gone.lease_info = lease_info(gone, lease->second);
    gone.lease_info->eviction_timestamp = at.wall_ms;
    change(found->second, lease->second, std::move(gone), ActionType::deleted, at);
    counts_.remove(lease->second.holder->status);
    --size_;
    index_.erase({found->first, lease->first});
    found->second.leases.erase(lease);
    if (found->second.leases.empty()) {
        if (departed_.size() >= departed_limit) departed_.clear();
        departed_.insert_or_assign(found->first, found->second.version);
        apps_.erase(found);
    }
    return true;
}

void InstanceRegistry::remember(
    std::deque<HistoryEntry>& history, std::string_view app, std::string_view id, Moment at
) {
    history.push_back({at.wall_ms, std::string(app) + "(" + std::string(id) + ")"});
    if (history.size() > history_limit) history.pop_front();
}

// ---- eviction and self-preservation

void InstanceRegistry::recompute_threshold() noexcept {
    const double per_minute = 60.0 / config_.expected_client_renewal_interval_seconds;
    threshold_ = static_cast<std::int64_t>(
        static_cast<double>(expected_clients_) * per_minute * config_.renewal_percent_threshold
    );
}

bool InstanceRegistry::lease_expiration_enabled(TimePoint now) {
    if (!config_.enable_self_preservation) return true;
    return threshold_ > 0 && renewals_.last_minute(now) > threshold_;
}

std::size_t InstanceRegistry::evict(Moment at) {
    const Duration interval = milliseconds(config_.eviction_interval_timer_in_ms);
    const Duration elapsed = last_eviction_ ? at.now - *last_eviction_ : interval;
    last_eviction_ = at.now;
    // A process that was suspended must not punish those who could not reach it.
    const Duration compensation = std::max(Duration::zero(), elapsed - interval);
    if (!lease_expiration_enabled(at.now)) return 0;

    std::vector<std::pair<std::string, std::string>> expired;
    for (const auto& [name, app] : apps_)
        for (const auto& [id, lease] : app.leases)
            if (lease.expired(at.now, compensation)) expired.emplace_back(name, id);

    const auto keep =
        static_cast<std::size_t>(static_cast<double>(size_) * config_.renewal_percent_threshold);
    const std::size_t count = std::min(expired.size(), size_ - keep);
    for (std::size_t i = 0; i < count; ++i) {
        std::swap(expired[i], expired[i + random_.below(expired.size() - i)]);
        cancel(expired[i].first, expired[i].second, at);
    }
    return count;
}

void InstanceRegistry::update_threshold() {
    const auto count = static_cast<std::int64_t>(size_);
    const bool plausible = static_cast<double>(count) >
                           config_.renewal_percent_threshold * static_cast<double>(expected_clients_);
    if (!plausible && config_.enable_self_preservation) return;
    // Never 0, from where Eureka does not come back.
    expected_clients_ = std::max<std::int64_t>(count, 1);
    recompute_threshold();
}

void InstanceRegistry::open_for_traffic(std::int64_t copied, std::int64_t default_count, Moment at) {
    expected_clients_ = copied > 0 ? copied : default_count;
    recompute_threshold();
    if (copied == 0 && default_count == 0)
        reads_from_ = at.now + milliseconds(config_.wait_time_in_ms_when_sync_empty);
}

}  // namespace flotilla::registry
