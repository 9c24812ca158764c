#pragma once
/// Prometheus' `http_sd`: `/sd/prometheus`, also known as `/prometheus/sd`.

#include "flotilla/http/router.hpp"
#include "flotilla/log/logger.hpp"
#include "shared_registry.hpp"

namespace flotilla::registry {

/// Its handlers refer to it: it outlives the server.
class PrometheusApi {
public:
    PrometheusApi(SharedRegistry& registry, log::Logger log) : registry_(registry), log_(log) {}

    void mount(http::Router& router);

private:
    /// The whole list, or 304 to who has it already.
    http::Response answer(http::Request& request);

    SharedRegistry& registry_;
    log::Logger log_;
};

}  // namespace flotilla::registry
