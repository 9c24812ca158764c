// What the registry answers; see instance_registry.cpp for what changes it.

#include <chrono>
#include <utility>

#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry {

bool InstanceRegistry::allows_reads(Moment at) const noexcept {
    return !reads_from_ || at.now >= *reads_from_;
}

InstancePtr InstanceRegistry::live(const Lease& lease) const {
    auto copy = std::make_shared<InstanceInfo>(*lease.holder);
    copy->lease_info = lease_info(*copy, lease);
    return copy;
}

const InstanceRegistry::Lease* InstanceRegistry::find_live(
    std::string_view app, std::string_view id, Moment at
) {
    const Lease* lease = find(app, id);
    return lease == nullptr || (lease->expired(at.now) && lease_expiration_enabled(at.now)) ? nullptr : lease;
}

bool InstanceRegistry::has(std::string_view app, std::string_view id, Moment at) {
    return find_live(app, id, at) != nullptr;
}

InstancePtr InstanceRegistry::instance(std::string_view app, std::string_view id, Moment at) {
    const Lease* lease = find_live(app, id, at);
    return lease == nullptr ? nullptr : live(*lease);
}

InstancePtr InstanceRegistry::instance(std::string_view id, Moment at) {
    for (const auto& [name, app] : apps_)
        if (InstancePtr found = instance(name, id, at)) return found;
    return nullptr;
}

InstancePtr InstanceRegistry::holder(std::string_view app, std::string_view id) const {
    const Lease* lease = find(app, id);
    return lease == nullptr ? nullptr : live(*lease);
}

std::shared_ptr<const eureka::Application> InstanceRegistry::view_of(std::string_view name, App& app) const {
    if (!app.view) {
        auto view = std::make_shared<eureka::Application>();
        view->name = name;
        view->instances.reserve(app.leases.size());
        for (const auto& [id, lease] : app.leases) view->instances.push_back(lease.holder);
        app.view = std::move(view);
    }
    return app.view;
}

std::shared_ptr<const eureka::Application> InstanceRegistry::application(std::string_view app) {
    const auto found = apps_.find(app);
    return found == apps_.end() ? nullptr : view_of(found->first, found->second);
}

RegistryView InstanceRegistry::view() {
    RegistryView view{.version = version_, .hash_code = counts_.hash_code(), .applications = {}};
    view.applications.reserve(apps_.size());
    for (auto& [name, app] : apps_) view.applications.push_back({view_of(name, app), app.version});
    return view;
}

std::vector<std::string> InstanceRegistry::application_names() const {
    std::vector<std::string> names;
    for (const auto& [name, app] : apps_) names.push_back(name);
    return names;
}

std::uint64_t InstanceRegistry::application_version(std::string_view app) const {
    if (const auto found = apps_.find(app); found != apps_.end()) return found->second.version;
    const auto gone = departed_.find(app);
    return gone == departed_.end() ? 0 : gone->second;
}

RenewalFigures InstanceRegistry::figures(Moment at) {
    return {
        .expected_clients = expected_clients_,
        .threshold = threshold_,
        .renewals_last_minute = renewals_.last_minute(at.now),
        .self_preservation_enabled = config_.enable_self_preservation,
        .lease_expiration_enabled = lease_expiration_enabled(at.now)
    };
}

std::vector<HistoryEntry> InstanceRegistry::enrolled_history() const {
    return {enrolled_.rbegin(), enrolled_.rend()};
}

std::vector<HistoryEntry> InstanceRegistry::cancelled_history() const {
    return {cancelled_.rbegin(), cancelled_.rend()};
}

}  // namespace flotilla::registry
