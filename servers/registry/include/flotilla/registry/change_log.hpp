#pragma once
/// What has changed lately, in order and without gaps: the source of delta documents.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "flotilla/base/clock.hpp"
#include "flotilla/eureka/applications.hpp"

namespace flotilla::registry {

/// Which changes are told, by their region (0: the own one) and instance. An empty one: all.
using ChangeFilter = std::function<bool(std::size_t region, const eureka::InstanceInfo& instance)>;

/// Remembers changes for a time, and never more than a number of them. An instance carries its action type:
/// DELETED ones are as they were last.
class ChangeLog {
public:
    explicit ChangeLog(Duration retention, std::size_t capacity = 100'000)
        : retention_(retention), capacity_(capacity) {}

    void add(std::uint64_t version, TimePoint at, eureka::InstancePtr instance, std::size_t region = 0);
    /// The changes that are not older than the retention, of each instance the newest.
    [[nodiscard]] eureka::Applications recent(TimePoint now, const ChangeFilter& wanted = {});
    /// The changes after `version`; nothing when some of them have been forgotten.
    [[nodiscard]] std::optional<eureka::Applications> since(
        std::uint64_t version, const ChangeFilter& wanted = {}
    ) const;

private:
    struct Entry {
        std::uint64_t version;
        TimePoint at;
        eureka::InstancePtr instance;
        std::size_t region;
    };

    void forget_oldest();

    Duration retention_;
    std::size_t capacity_;
    std::deque<Entry> entries_;
    std::uint64_t forgotten_ = 0;  ///< the version of the newest change that is no longer here
};

}  // namespace flotilla::registry
