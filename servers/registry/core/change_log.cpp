#include "flotilla/registry/change_log.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace flotilla::registry {

namespace {

/// Of each instance the newest of these changes.
template <class Iterator>
eureka::Applications newest(Iterator first, Iterator last, const ChangeFilter& wanted) {
    eureka::Applications changed;
    std::set<std::pair<std::string_view, std::string_view>> seen;
    while (last != first) {
        const eureka::InstancePtr& instance = (--last)->instance;
        if (wanted && !wanted(last->region, *instance)) continue;
        if (!seen.emplace(instance->app, instance->id()).second) continue;
        auto& application = changed.by_name[instance->app];
        application.name = instance->app;
        application.instances.push_back(instance);
    }
    return changed;
}

}  // namespace

void ChangeLog::add(std::uint64_t version, TimePoint at, eureka::InstancePtr instance, std::size_t region) {
    entries_.push_back({version, at, std::move(instance), region});
    if (entries_.size() > capacity_) forget_oldest();
}

eureka::Applications ChangeLog::recent(TimePoint now, const ChangeFilter& wanted) {
    while (!entries_.empty() && now - entries_.front().at > retention_) forget_oldest();
    return newest(entries_.begin(), entries_.end(), wanted);
}

std::optional<eureka::Applications> ChangeLog::since(std::uint64_t version, const ChangeFilter& wanted)
    const {
    if (version < forgotten_) return std::nullopt;
    return newest(std::ranges::upper_bound(entries_, version, {}, &Entry::version), entries_.end(), wanted);
}

void ChangeLog::forget_oldest() {
    forgotten_ = entries_.front().version;
    entries_.pop_front();
}

}  // namespace flotilla::registry
