#pragma once
// The meters of an HTTP server: http.server.requests and http.server.requests.active.

#include "flotilla/http/request.hpp"
#include "flotilla/http/response.hpp"
#include "flotilla/metrics/meter_cache.hpp"
#include "flotilla/metrics/registry.hpp"

namespace flotilla::http {

/// Shared by all loops.
class ServerMeters {
public:
    explicit ServerMeters(metrics::Registry* registry) : registry_(registry) {}

    void record(const Request& request, const Response& response, Duration taken);

    /// For a request that has to wait; one that is answered at once is never seen in flight.
    metrics::LongTaskTimer::Task start_active(const Request& request, TimePoint now);

private:
    metrics::Timer make_timer(const Request& request, const Response& response);

    metrics::Registry* registry_;
    metrics::MeterCache<metrics::Timer> timers_;
    metrics::MeterCache<metrics::LongTaskTimer> active_;
};

}  // namespace flotilla::http
