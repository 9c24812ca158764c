#pragma once
/// What is known about services now: lists by name, replaced whole, and word of each change.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flotilla/discovery/service_instance.hpp"

namespace flotilla::discovery {

/// Told of a list that has changed, on the thread of whoever changed it. It must not subscribe or
/// unsubscribe.
using ListListener = std::function<void(const Snapshot&)>;

/// Instances by the name of a service, in any case; an instance may have several names.
using Groups = std::map<std::string, std::vector<ServiceInstance>>;

namespace detail {
struct Listeners;
}

/// Ends a subscription when it goes, and waits for a call that is on its way.
class [[nodiscard]] ListSubscription {
public:
    ListSubscription() = default;
    ListSubscription(std::weak_ptr<detail::Listeners> listeners, std::uint64_t id) noexcept;
    ListSubscription(ListSubscription&& other) noexcept;
    ListSubscription& operator=(ListSubscription&& other) noexcept;
    ~ListSubscription();

private:
    std::weak_ptr<detail::Listeners> listeners_;
    std::uint64_t id_ = 0;
};

/// Names count in any case. Thread-safe. Readers take a snapshot; a lock is held for as long as it takes to
/// copy a pointer.
class Directory {
public:
    Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    /// Never null; not `known` for a name of which nothing has been said (and not `complete`).
    [[nodiscard]] Snapshot find(std::string_view service) const;
    /// Names of services with at least one instance, in order, in lower case.
    [[nodiscard]] std::vector<std::string> services() const;

    /// Replaces the list of one service. No word is sent of a list that is what it was.
    void publish(std::string_view service, std::vector<ServiceInstance> instances);
    /// Replaces everything: a name that is left out has no instances, and from now on every name is known.
    void publish_all(const Groups& groups);
    /// The same for instances that are known by their `ServiceInstance::service` alone.
    void publish_by_service(const std::vector<ServiceInstance>& instances);

    [[nodiscard]] ListSubscription subscribe(ListListener listener);

private:
    Snapshot put(std::string key, std::vector<ServiceInstance> instances);

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Snapshot> lists_;
    std::uint64_t version_ = 0;
    bool complete_ = false;
    const std::shared_ptr<detail::Listeners> listeners_;
    std::mutex publishing_;  // one change at a time, so that listeners see them in order
};

}  // namespace flotilla::discovery
