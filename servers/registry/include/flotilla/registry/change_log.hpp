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

/// Remembers changes for a time, and never more than a number of them and some memory. An instance carries
/// its action type: DELETED ones are as they were last.
class ChangeLog {
public:
    struct Limits {
        std::size_t entries = 100'000;
        std::size_t bytes = 64U << 20;  ///< about: what the instances hold, as each change has a copy
    };

    explicit ChangeLog(Duration retention) : ChangeLog(retention, Limits()) {}

    ChangeLog(Duration retention, const Limits& limits) : retention_(retention), limits_(limits) {}

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
        std::size_t bytes;
    };

    void forget_older_than(TimePoint at);
    void forget_oldest();

    Duration retention_;
    Limits limits_;
    std::deque<Entry> entries_;
    std::size_t bytes_ = 0;
    std::uint64_t forgotten_ = 0;  ///< the version of the newest change that is no longer here
};

}  // namespace flotilla::registry
