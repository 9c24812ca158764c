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

/// About what an instance takes: nothing of it has bounds but those of a whole registration.
std::size_t size_of(const eureka::InstanceInfo& instance) {
    std::size_t size = 2 * sizeof(eureka::InstanceInfo);
    const auto add = [&size](const eureka::Metadata& all) {
        constexpr std::size_t of_an_entry = 96;
        for (const auto& [key, value] : all) size += key.size() + value.size() + of_an_entry;
    };
    add(instance.metadata);
    if (instance.data_center_info) add(instance.data_center_info->metadata);
    for (const std::string* text :
         {&instance.instance_id, &instance.host_name, &instance.app, &instance.ip_addr, &instance.sid})
        size += text->size();
    for (const auto* text :
         {&instance.app_group_name,
          &instance.home_page_url,
          &instance.status_page_url,
          &instance.health_check_url,
          &instance.secure_health_check_url,
          &instance.vip_address,
          &instance.secure_vip_address,
          &instance.asg_name})
        if (*text) size += (*text)->size();
    return size;
}

}  // namespace

void ChangeLog::add(std::uint64_t version, TimePoint at, eureka::InstancePtr instance, std::size_t region) {
    const std::size_t size = size_of(*instance);
    entries_.push_back({version, at, std::move(instance), region, size});
    bytes_ += size;
    forget_older_than(at - retention_);
    while (entries_.size() > limits_.entries || bytes_ > limits_.bytes) forget_oldest();
}

eureka::Applications ChangeLog::recent(TimePoint now, const ChangeFilter& wanted) {
    forget_older_than(now - retention_);
    return newest(entries_.begin(), entries_.end(), wanted);
}

std::optional<eureka::Applications> ChangeLog::since(std::uint64_t version, const ChangeFilter& wanted)
    const {
    if (version < forgotten_) return std::nullopt;
    return newest(std::ranges::upper_bound(entries_, version, {}, &Entry::version), entries_.end(), wanted);
}

void ChangeLog::forget_older_than(TimePoint at) {
    while (!entries_.empty() && entries_.front().at < at) forget_oldest();
}

void ChangeLog::forget_oldest() {
    forgotten_ = entries_.front().version;
    bytes_ -= entries_.front().bytes;
    entries_.pop_front();
}

}  // namespace flotilla::registry
