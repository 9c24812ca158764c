#pragma once
/// A client's own copy of a registry, and what callers see of it.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/discovery/directory.hpp"
#include "flotilla/eureka/applications.hpp"

namespace flotilla::discovery {

/// A registry instance as callers need it: its secure port where that is enabled.
ServiceInstance to_service_instance(const eureka::InstanceInfo& info);

/// Pure. A full document replaces the copy, a delta changes it.
///
/// A registry that was just started, or that has lost its peers, knows few instances until all have
/// registered again. So those that a full document leaves out unexplained, in numbers, are still shown for
/// the time of a lease; who is really gone is found out by the calls.
class EurekaCopy {
public:
    struct Settings {
        bool only_up = true;
        Duration carry_time = std::chrono::seconds(90);
        double carry_below = 0.85;  ///< of the instances known before
    };

    EurekaCopy() : EurekaCopy(Settings{}) {}

    explicit EurekaCopy(Settings settings) : settings_(settings) {}

    void replace(eureka::Applications full, TimePoint now);
    /// Whether the copy is what the registry has, by its hash code.
    bool apply(const eureka::Applications& delta, TimePoint now);

    /// The registry could not be read.
    void unreadable() noexcept { readable_since_.reset(); }

    [[nodiscard]] bool empty() const noexcept { return copy_.by_name.empty(); }

    [[nodiscard]] const eureka::Applications& applications() const noexcept { return copy_; }

    /// By name and by virtual host names, those that are UP unless all are wanted.
    [[nodiscard]] Groups groups() const;
    /// The same for one name, in lower case.
    [[nodiscard]] std::vector<ServiceInstance> instances_of(const std::string& name) const;

    /// What may have changed for callers since this was asked last.
    struct Changes {
        bool everything = false;
        std::set<std::string> names;  ///< in lower case
    };

    [[nodiscard]] Changes take_changes();

    [[nodiscard]] std::size_t carried() const noexcept { return carried_.size(); }

private:
    struct Carried {
        eureka::InstancePtr instance;
        TimePoint since;
    };

    void drop_carried(TimePoint now);
    void index(const std::string& app, const eureka::InstanceInfo& instance);
    [[nodiscard]] bool wanted(const eureka::InstanceInfo& instance) const noexcept;

    Settings settings_;
    eureka::Applications copy_;
    std::map<std::string, std::set<std::string>> apps_by_name_;  // some may have lost the name
    Changes changes_;
    std::optional<TimePoint> readable_since_;
    std::map<std::pair<std::string, std::string>, Carried> carried_;  // by app and id
};

}  // namespace flotilla::discovery
