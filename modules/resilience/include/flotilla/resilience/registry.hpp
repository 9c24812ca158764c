#pragma once
/// Policies of one kind by name: one per target, made when it is first asked for.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flotilla::resilience {

/// Policies never move and live as long as the registry: ask once and keep the reference. Safe from any
/// thread.
template <class Policy>
class Registry {
public:
    /// The policy of that name; `group` tells whose settings it has when it has none of its own.
    using Make = std::function<std::unique_ptr<Policy>(const std::string& name, const std::string& group)>;
    using Added = std::function<void(Policy&, const std::string& group)>;

    explicit Registry(Make make) : make_(std::move(make)) {}

    Policy& get(std::string_view name, std::string_view group = {}) {
        const std::scoped_lock lock(mutex_);
        if (const auto found = policies_.find(name); found != policies_.end()) return *found->second.policy;
        const std::string key(name);
        Entry entry{make_(key, std::string(group)), std::string(group)};
        Policy& policy = *entry.policy;
        for (const Added& added : added_) added(policy, entry.group);
        policies_.emplace(key, std::move(entry));
        return policy;
    }

    /// Null when nobody has asked for it yet.
    [[nodiscard]] Policy* find(std::string_view name) const {
        const std::scoped_lock lock(mutex_);
        const auto found = policies_.find(name);
        return found == policies_.end() ? nullptr : found->second.policy.get();
    }

    /// Sorted by name.
    [[nodiscard]] std::vector<Policy*> all() const {
        const std::scoped_lock lock(mutex_);
        std::vector<Policy*> policies;
        policies.reserve(policies_.size());
        for (const auto& [name, entry] : policies_) policies.push_back(entry.policy.get());
        return policies;
    }

    /// Called for each policy that there is and will be, before anybody else has it: to bind meters.
    void for_each_added(Added added) {
        const std::scoped_lock lock(mutex_);
        for (const auto& [name, entry] : policies_) added(*entry.policy, entry.group);
        added_.push_back(std::move(added));
    }

private:
    struct Entry {
        std::unique_ptr<Policy> policy;
        std::string group;
    };

    Make make_;
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> policies_;
    std::vector<Added> added_;
};

}  // namespace flotilla::resilience
