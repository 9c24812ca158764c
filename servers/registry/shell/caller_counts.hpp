#pragma once
/// Counts requests by the client that sent them, as far as it says who it is.

#include <map>
#include <mutex>
#include <string>

#include "flotilla/http/request.hpp"
#include "flotilla/metrics/registry.hpp"

namespace flotilla::registry {

/// `flotilla.registry.requests{client=DefaultServer-1.0}`, by the fields `DiscoveryIdentity-Name` and
/// `-Version`. From all loops. Names beyond a number count as `other`: they are the clients' to invent.
class CallerCounts {
public:
    explicit CallerCounts(metrics::Registry& meters) : meters_(meters) {}

    void count(const http::Request& request);

private:
    static constexpr std::size_t most_callers = 64;
    static constexpr std::size_t longest_name = 64;

    metrics::Registry& meters_;
    std::mutex mutex_;
    std::map<std::string, metrics::Counter, std::less<>> counters_;
};

}  // namespace flotilla::registry
