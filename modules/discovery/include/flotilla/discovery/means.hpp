#pragma once
/// What a registry's client is made with.

#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::discovery {

/// All outlive the client.
struct Means {
    runtime::Runtime& runtime;
    log::Logger log{};
    metrics::Registry* meters = nullptr;
};

}  // namespace flotilla::discovery
