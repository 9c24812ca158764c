#include "flotilla/registry/remote_regions.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::registry {

namespace {

constexpr std::string_view for_all_regions = "global";
/// Names of applications that are gone, whose versions are remembered.
constexpr std::size_t most_departed = 10'000;

RegionSet bit(std::size_t region) noexcept {
    return RegionSet{1} << region;
}

/// A heartbeat over there is no change; whatever else happens to an instance moves one of these.
bool same(const InstanceInfo& a, const InstanceInfo& b) noexcept {
    return &a == &b || (a.last_updated_timestamp == b.last_updated_timestamp &&
                        a.last_dirty_timestamp == b.last_dirty_timestamp && a.status == b.status &&
                        a.overridden_status == b.overridden_status);
}

/// As it stands in our documents.
InstancePtr adopted(const InstancePtr& instance, eureka::ActionType action) {
    auto copy = std::make_shared<InstanceInfo>(*instance);
    copy->action_type = action;
    copy->is_coordinating_discovery_server = false;
    return copy;
}

std::vector<std::string> white_list_of(const EurekaServerConfig& config, std::string_view region) {
    const std::vector<std::string>* listed = nullptr;
    for (const auto& [name, apps] : config.remote_region_app_whitelist) {
        if (iequals(name, region) || (!listed && iequals(name, for_all_regions))) listed = &apps;
    }
    std::vector<std::string> names;
    if (listed)
        for (const std::string& name : *listed) names.push_back(to_upper(name));
    return names;
}

}  // namespace

RegionNames::RegionNames(const EurekaServerConfig& config) {
    for (const auto& [name, url] : config.remote_region_urls_with_name) {
        if (names_.size() < most_regions) names_.push_back(to_lower(name));
    }
    std::ranges::sort(names_);
    if (config.disable_transparent_fallback_to_other_region) return;
    for (std::size_t i = 0; i < names_.size(); ++i) usual_ |= bit(i);
}

RegionSet RegionNames::named(std::string_view list) const {
    RegionSet set = 0;
    for (const std::string_view name : split_list(list)) {
        const auto known = std::ranges::find_if(names_, [&](const auto& own) { return iequals(own, name); });
        if (known != names_.end()) set |= bit(static_cast<std::size_t>(known - names_.begin()));
    }
    return set;
}

RemoteRegions::RemoteRegions(const EurekaServerConfig& config) : names_(config) {
    for (const std::string& name : names_.all()) {
        regions_.emplace_back();
        regions_.back().white_list = white_list_of(config, name);
    }
}

void RemoteRegions::drop(Region& region, App& app, std::string_view id, const Record& record) {
    const auto gone = app.instances.find(id);
    const InstancePtr last = adopted(gone->second, eureka::ActionType::deleted);
    app.instances.erase(gone);
    --region.size;
    app.version = record(last);
}

void RemoteRegions::replace(std::size_t number, const eureka::Applications& copy, const Record& record) {
    Region& region = regions_[number];
    const auto wanted = [&](const std::string& name) {
        return region.white_list.empty() ||
               std::ranges::find(region.white_list, name) != region.white_list.end();
    };
    for (auto& [name, app] : region.apps) {
        const eureka::Application* now = copy.find(name);
        std::vector<std::string> gone;
        for (const auto& [id, instance] : app.instances)
            if (!now || !now->find(id)) gone.push_back(id);
        for (const std::string& id : gone) drop(region, app, id, record);
    }
    if (region.apps.size() > most_departed)
        std::erase_if(region.apps, [](const auto& entry) { return entry.second.instances.empty(); });
    for (const auto& [name, application] : copy.by_name) {
        if (!wanted(name)) continue;
        for (const InstancePtr& instance : application.instances) {
            App& app = region.apps[name];
            InstancePtr& held = app.instances[std::string(instance->id())];
            if (held && same(*held, *instance)) continue;
            if (!held) ++region.size;
            held = adopted(instance, held ? eureka::ActionType::modified : eureka::ActionType::added);
            app.version = record(held);
        }
    }
}

std::map<std::string_view, RemoteRegions::Found> RemoteRegions::select(RegionSet set) const {
    std::map<std::string_view, Found> found;
    for (std::size_t i = 0; i < regions_.size(); ++i) {
        if ((set & bit(i)) == 0) continue;
        for (const auto& [name, app] : regions_[i].apps) found[name].push_back(&app);
    }
    return found;
}

RemoteRegions::Found RemoteRegions::find(RegionSet set, std::string_view app) const {
    Found found;
    for (std::size_t i = 0; i < regions_.size(); ++i) {
        if ((set & bit(i)) == 0) continue;
        const auto there = regions_[i].apps.find(app);
        if (there != regions_[i].apps.end()) found.push_back(&there->second);
    }
    return found;
}

InstancePtr RemoteRegions::find(RegionSet set, std::string_view app, std::string_view id) const {
    for (const App* there : find(set, app)) {
        const auto instance = there->instances.find(id);
        if (instance != there->instances.end()) return instance->second;
    }
    return nullptr;
}

}  // namespace flotilla::registry
