#pragma once
/// What a registry holds, or a client's copy of it: applications and their instances.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/eureka/instance_info.hpp"

namespace flotilla::eureka {

/// The instances of one name. Instances are shared and never change; a newer one takes the older one's place.
struct Application {
    std::string name;  ///< upper case
    std::vector<InstancePtr> instances = {};

    /// By id, as `InstanceInfo::id()` tells it; null when there is none.
    [[nodiscard]] const InstanceInfo* find(std::string_view id) const noexcept;
    /// Adds, or replaces the one with the same id.
    void put(InstancePtr instance);
    /// Whether there was one.
    bool remove(std::string_view id);
};

class StatusCounts;

/// All applications, by name, with the version and the hash code that the document carried.
struct Applications {
    std::map<std::string, Application, std::less<>> by_name = {};
    std::int64_t version = 1;
    std::string hash_code = {};  ///< as read; see `reconcile_hash_code` for what the content amounts to

    [[nodiscard]] const Application* find(std::string_view app) const noexcept;
    void put(InstancePtr instance);
    bool remove(std::string_view app, std::string_view id);
    [[nodiscard]] std::size_t instance_count() const noexcept;

    /// `DOWN_1_UP_7_`: how many instances have which status, by name of the status; empty for none.
    [[nodiscard]] std::string reconcile_hash_code() const;

    /// Takes over a delta document: ADDED and MODIFIED (and what has no action) replace, DELETED removes,
    /// applications without instances go. Afterwards `reconcile_hash_code() == delta.hash_code`, unless
    /// something was missed.
    void apply_delta(const Applications& delta);
};

/// Counts instances by status, for the hash code of something that changes one instance at a time.
class StatusCounts {
public:
    void add(InstanceStatus status) noexcept { ++counts_[static_cast<std::size_t>(status)]; }

    void remove(InstanceStatus status) noexcept { --counts_[static_cast<std::size_t>(status)]; }

    [[nodiscard]] std::int64_t of(InstanceStatus status) const noexcept {
        return counts_[static_cast<std::size_t>(status)];
    }

    [[nodiscard]] std::string hash_code() const;

private:
    std::int64_t counts_[5] = {};
};

}  // namespace flotilla::eureka
