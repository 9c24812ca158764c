#include "caller_counts.hpp"

#include <fmt/format.h>

namespace flotilla::registry {

void CallerCounts::count(const http::Request& request) {
    const std::string_view name = request.header("DiscoveryIdentity-Name");
    if (name.empty()) return;
    const std::string_view version = request.header("DiscoveryIdentity-Version");
    std::string caller = fmt::format("{}{}{}", name, version.empty() ? "" : "-", version);
    const std::lock_guard lock(mutex_);
    const bool known = counters_.contains(caller);
    if (!known && (counters_.size() >= most_callers || caller.size() > longest_name)) caller = "other";
    auto found = counters_.find(caller);
    if (found == counters_.end()) {
        const metrics::Counter counter = meters_.counter(
            "flotilla.registry.requests",
            {{"client", caller}},
            {.description = "Requests of clients that say who they are."}
        );
        found = counters_.emplace(caller, counter).first;
    }
    found->second.increment();
}

}  // namespace flotilla::registry
