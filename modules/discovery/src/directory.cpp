#include "flotilla/discovery/directory.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::discovery {

namespace detail {

/// Recursive for a listener's sake that publishes to another directory, which may come back here.
struct Listeners {
    std::recursive_mutex mutex;
    std::map<std::uint64_t, ListListener> listeners;
    std::uint64_t next_id = 1;

    void tell(const Snapshot& list) {
        const std::lock_guard lock(mutex);
        for (const auto& [id, listener] : listeners) listener(list);
    }
};

}  // namespace detail

ListSubscription::ListSubscription(std::weak_ptr<detail::Listeners> listeners, std::uint64_t id) noexcept
    : listeners_(std::move(listeners)), id_(id) {}

ListSubscription::ListSubscription(ListSubscription&& other) noexcept
    : listeners_(std::move(other.listeners_)), id_(std::exchange(other.id_, 0)) {}

ListSubscription& ListSubscription::operator=(ListSubscription&& other) noexcept {
    std::swap(listeners_, other.listeners_);
    std::swap(id_, other.id_);
    return *this;
}

ListSubscription::~ListSubscription() {
    const auto listeners = listeners_.lock();
    if (!listeners || id_ == 0) return;
    const std::lock_guard lock(listeners->mutex);
    listeners->listeners.erase(id_);
}

Directory::Directory() : listeners_(std::make_shared<detail::Listeners>()) {}

Snapshot Directory::find(std::string_view service) const {
    const std::string key = to_lower(service);
    const std::lock_guard lock(mutex_);
    if (const auto found = lists_.find(key); found != lists_.end()) return found->second;
    InstanceList nobody;
    nobody.service = key;
    nobody.version = version_;
    nobody.known = complete_;
    return std::make_shared<const InstanceList>(std::move(nobody));
}

std::vector<std::string> Directory::services() const {
    std::vector<std::string> names;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, list] : lists_) {
            if (!list->instances.empty()) names.push_back(name);
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

Snapshot Directory::put(std::string key, std::vector<ServiceInstance> instances) {
    // The same instances in another order are the same list: nobody's turn depends on a registry's hash map.
    std::sort(instances.begin(), instances.end(), [](const auto& a, const auto& b) {
        return std::tie(a.id, a.host, a.port) < std::tie(b.id, b.host, b.port);
    });
    const auto found = lists_.find(key);
    if (found != lists_.end() && found->second->instances == instances) return nullptr;
    InstanceList list;
    list.service = key;
    list.instances = std::move(instances);
    list.version = ++version_;
    list.known = true;
    auto shared = std::make_shared<const InstanceList>(std::move(list));
    lists_.insert_or_assign(std::move(key), shared);
    return shared;
}

void Directory::publish(std::string_view service, std::vector<ServiceInstance> instances) {
    const std::lock_guard order(publishing_);
    Snapshot changed;
    {
        const std::lock_guard lock(mutex_);
        changed = put(to_lower(service), std::move(instances));
    }
    if (changed) listeners_->tell(changed);
}

void Directory::publish_all(const Groups& groups) {
    Groups by_key;
    for (const auto& [name, instances] : groups) {
        auto& group = by_key[to_lower(name)];
        group.insert(group.end(), instances.begin(), instances.end());
    }
    const std::lock_guard order(publishing_);
    std::vector<Snapshot> changed;
    {
        const std::lock_guard lock(mutex_);
        complete_ = true;
        for (const auto& [name, list] : lists_) by_key.try_emplace(name);
        for (auto& [name, group] : by_key) {
            if (auto list = put(name, std::move(group))) changed.push_back(std::move(list));
        }
    }
    for (const Snapshot& list : changed) listeners_->tell(list);
}

void Directory::publish_by_service(const std::vector<ServiceInstance>& instances) {
    Groups groups;
    for (const ServiceInstance& instance : instances) groups[instance.service].push_back(instance);
    publish_all(groups);
}

ListSubscription Directory::subscribe(ListListener listener) {
    const std::lock_guard lock(listeners_->mutex);
    const std::uint64_t id = listeners_->next_id++;
    listeners_->listeners.emplace(id, std::move(listener));
    return {listeners_, id};
}

}  // namespace flotilla::discovery
