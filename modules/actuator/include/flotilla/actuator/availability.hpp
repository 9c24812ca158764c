#pragma once
/// Whether the process is alive and takes traffic: what orchestrators and the registry ask for.

#include <atomic>

#include "flotilla/actuator/health.hpp"

namespace flotilla::actuator {

enum class Liveness { correct, broken };
enum class Readiness { accepting_traffic, refusing_traffic };

/// Where a service is in its life.
enum class LifePhase {
    starting,  ///< liveness broken, readiness refusing
    started,   ///< start-up tasks run: alive, refusing
    ready,     ///< alive and accepting
    draining,  ///< alive, refusing
};

/// Two flags that any thread reads. They follow the phases of the service; a program may also set them
/// itself.
class AvailabilityState {
public:
    void enter(LifePhase phase) noexcept;

    void set_liveness(Liveness liveness) noexcept { liveness_.store(liveness); }

    void set_readiness(Readiness readiness) noexcept { readiness_.store(readiness); }

    [[nodiscard]] Liveness liveness() const noexcept { return liveness_.load(); }

    [[nodiscard]] Readiness readiness() const noexcept { return readiness_.load(); }

    /// UP or DOWN.
    [[nodiscard]] Health liveness_health() const;
    /// UP or OUT_OF_SERVICE.
    [[nodiscard]] Health readiness_health() const;

private:
    std::atomic<Liveness> liveness_{Liveness::broken};
    std::atomic<Readiness> readiness_{Readiness::refusing_traffic};
};

}  // namespace flotilla::actuator
