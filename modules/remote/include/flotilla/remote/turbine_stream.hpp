#pragma once
/// `/turbine.stream?cluster=NAME`: the circuit breakers of all instances of a service together, for the
/// Hystrix dashboard.

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/discovery/discovery.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::remote {

struct TurbineConfig {
    std::chrono::milliseconds interval{500};
    std::chrono::milliseconds meta_interval{3'000};
    std::chrono::milliseconds reconnect{2'000};  ///< wait before an instance that failed is asked again
    std::string instance_path = "/hystrix.stream";
    unsigned max_clients = 5;  ///< the next one is refused with 503
};

/// Reads the streams of all instances of a service that the registry knows, and merges them as Turbine does.
/// Each client has readers of its own. Outlives the router that it is mounted on; the others outlive it.
class TurbineStream {
public:
    TurbineStream(
        discovery::Discovery& discovery, http::Client& client, const Clock& clock, TurbineConfig config = {}
    );

    void mount(http::Router& router, std::string_view path = "/turbine.stream");

    /// Ends the streams, so that nobody who is connected holds up a shutdown.
    void stop() noexcept { stopped_ = true; }

private:
    struct Cluster;

    Task<> serve(http::BodyWriter& body, std::string cluster);
    Task<bool> serve_with_readers(Cluster& cluster, http::BodyWriter& body, runtime::TaskScope& scope);
    Task<> read_instance(Cluster& cluster, std::string id, std::string url);

    discovery::Discovery& discovery_;
    http::Client& client_;
    const Clock& clock_;
    const TurbineConfig config_;
    std::atomic<unsigned> clients_{0};
    std::atomic<bool> stopped_{false};
};

}  // namespace flotilla::remote
