#pragma once
// The pool's meters, under HikariCP's names.

#include <memory>

#include "flotilla/metrics/registry.hpp"
#include "flotilla/sql/config.hpp"
#include "flotilla/sql/database.hpp"

namespace flotilla::sql {

class Pool;

/// Registers the meters of one pool and takes them out again. Timers do nothing without a registry.
class Meters {
public:
    Meters(metrics::Registry* registry, const PoolConfig& config);
    ~Meters();
    Meters(const Meters&) = delete;
    Meters& operator=(const Meters&) = delete;

    /// The gauges read the pool as long as it lives.
    void watch(const std::weak_ptr<Pool>& pool);

    metrics::Timer acquire;
    metrics::Timer usage;
    metrics::Timer creation;
    metrics::Counter timeouts;

private:
    metrics::Registry* registry_;
    const std::string pool_name_;
    const double minimum_;
    const double maximum_;
};

}  // namespace flotilla::sql
