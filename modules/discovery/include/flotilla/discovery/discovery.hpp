#pragma once
/// Where services are found: the seam between those who know (a registry's client, DNS, a list in a file) and
/// those who call.
///
///     FLT_CO_TRY(auto list, co_await discovery.find("order-service", deadline));
///     for (const ServiceInstance& instance : list->instances) ...

#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/discovery/directory.hpp"
#include "flotilla/discovery/service_instance.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::discovery {

/// Thread-safe; outlives whoever was handed it.
class Discovery {
public:
    virtual ~Discovery() = default;

    /// What is known now, without waiting; never null. A source that is asked name by name begins to watch
    /// the name; its first answer comes as a change.
    [[nodiscard]] virtual Snapshot instances(std::string_view service) = 0;
    /// Names of services, as far as the source can list them.
    [[nodiscard]] virtual std::vector<std::string> services() const = 0;
    /// Calls `listener` after each change, until the subscription goes.
    [[nodiscard]] virtual ListSubscription subscribe(ListListener listener) = 0;
    /// In `discoveryComposite` and in log lines: `eureka`, `consul`, `simple`.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;

    /// What is known, waiting for the first answer where nothing is known yet. A known list may be empty.
    /// `unreachable` when the deadline passes without an answer. On any loop.
    Task<Result<Snapshot>> find(std::string service, Deadline deadline = {});
};

}  // namespace flotilla::discovery
