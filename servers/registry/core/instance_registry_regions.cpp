// Reads that take in other regions; see instance_registry_reads.cpp for those of the own one.

#include <algorithm>
#include <set>
#include <utility>

#include "flotilla/registry/instance_registry.hpp"

namespace flotilla::registry {

namespace {

constexpr std::size_t most_views = 8;

/// Where two regions have an instance of the same id, the own region's counts, then the first one's.
void add_missing(eureka::Application& application, const RemoteRegions::Found& regions) {
    std::set<std::string_view> known;
    for (const InstancePtr& instance : application.instances) known.insert(instance->id());
    for (const RemoteRegions::App* region : regions)
        for (const auto& [id, instance] : region->instances)
            if (known.insert(id).second) application.instances.push_back(instance);
}

}  // namespace

void InstanceRegistry::set_region(std::size_t region, const eureka::Applications& copy, Moment at) {
    regions_.replace(region, copy, [&](const InstancePtr& changed) {
        changes_.add(++version_, at.now, changed, region + 1);
        return version_;
    });
}

std::shared_ptr<const eureka::Application> InstanceRegistry::application_anywhere(std::string_view app) {
    if (auto local = application(app)) return local;
    auto merged = std::make_shared<eureka::Application>();
    merged->name = app;
    add_missing(*merged, regions_.find(regions_.names().usual(), app));
    return merged->instances.empty() ? nullptr : merged;
}

InstancePtr InstanceRegistry::instance_anywhere(std::string_view app, std::string_view id, Moment at) {
    if (InstancePtr local = instance(app, id, at)) return local;
    return regions_.find(regions_.names().usual(), app, id);
}

InstancePtr InstanceRegistry::instance_anywhere(std::string_view id, Moment at) {
    if (InstancePtr local = instance(id, at)) return local;
    const RegionSet usual = regions_.names().usual();
    for (const auto& [name, found] : regions_.select(usual))
        if (InstancePtr remote = regions_.find(usual, name, id)) return remote;
    return nullptr;
}

RegistryView InstanceRegistry::view(RegionSet set) {
    if (set == 0) return view();
    if (views_.size() >= most_views && !views_.contains(set)) views_.clear();
    RegistryView& known = views_[set];
    if (known.version == version_) return known;

    const std::map<std::string_view, RemoteRegions::Found> remote = regions_.select(set);
    RegistryView fresh{.version = version_, .hash_code = {}, .applications = {}};
    eureka::StatusCounts counts;
    auto before = known.applications.begin();
    const auto add = [&](std::string_view name, App* local, const RemoteRegions::Found& regions) {
        ApplicationView view;
        view.version = local ? local->version : application_version(name);
        for (const RemoteRegions::App* region : regions)
            view.version = std::max(view.version, region->version);
        while (before != known.applications.end() && before->application->name < name) ++before;
        if (before != known.applications.end() && before->application->name == name &&
            before->version == view.version) {
            view.application = before->application;
        } else if (local && regions.empty()) {
            view.application = view_of(name, *local);
        } else {
            auto merged = local ? std::make_shared<eureka::Application>(*view_of(name, *local))
                                : std::make_shared<eureka::Application>();
            merged->name = name;
            add_missing(*merged, regions);
            if (merged->instances.empty()) return;
            view.application = std::move(merged);
        }
        for (const InstancePtr& instance : view.application->instances) counts.add(instance->status);
        fresh.applications.push_back(std::move(view));
    };

    auto here = apps_.begin();
    auto there = remote.begin();
    while (here != apps_.end() || there != remote.end()) {
        if (there == remote.end() || (here != apps_.end() && here->first < there->first)) {
            add(here->first, &here->second, {});
            ++here;
        } else if (here == apps_.end() || there->first < here->first) {
            add(there->first, nullptr, there->second);
            ++there;
        } else {
            add(here->first, &here->second, there->second);
            ++here;
            ++there;
        }
    }
    fresh.hash_code = counts.hash_code();
    known = std::move(fresh);
    return known;
}

eureka::Applications InstanceRegistry::by_vip(std::string_view vip, bool secure, RegionSet set) {
    eureka::Applications matching;
    for (const ApplicationView& view : this->view(set).applications) {
        for (const InstancePtr& instance : view.application->instances) {
            if (!(secure ? instance->has_secure_vip(vip) : instance->has_vip(vip))) continue;
            auto& application = matching.by_name[view.application->name];
            application.name = view.application->name;
            application.instances.push_back(instance);
        }
    }
    matching.version = -1;
    matching.hash_code = matching.reconcile_hash_code();
    return matching;
}

std::string InstanceRegistry::hash_code(RegionSet set) {
    return set == 0 ? counts_.hash_code() : view(set).hash_code;
}

/// Changes of those regions, but for instances that the own region has as well: those are shown.
ChangeFilter InstanceRegistry::changes_of(RegionSet set) const {
    if (regions_.names().all().empty()) return {};
    return [this, set](std::size_t region, const InstanceInfo& instance) {
        return region == 0 ||
               ((set >> (region - 1) & 1U) != 0 && find(instance.app, instance.id()) == nullptr);
    };
}

eureka::Applications InstanceRegistry::delta(RegionSet set, Moment at) {
    eureka::Applications delta = changes_.recent(at.now, changes_of(set));
    delta.version = static_cast<std::int64_t>(version_);
    delta.hash_code = hash_code(set);
    return delta;
}

std::optional<eureka::Applications> InstanceRegistry::delta_since(std::uint64_t version, RegionSet set) {
    if (version > version_) return std::nullopt;
    auto delta = changes_.since(version, changes_of(set));
    if (!delta) return std::nullopt;
    delta->version = static_cast<std::int64_t>(version_);
    delta->hash_code = hash_code(set);
    return delta;
}

}  // namespace flotilla::registry
