#include "flotilla/actuator/availability.hpp"

namespace flotilla::actuator {

void AvailabilityState::enter(LifePhase phase) noexcept {
    set_liveness(phase == LifePhase::starting ? Liveness::broken : Liveness::correct);
    set_readiness(phase == LifePhase::ready ? Readiness::accepting_traffic : Readiness::refusing_traffic);
}

Health AvailabilityState::liveness_health() const {
    Health health;
    health.status = liveness() == Liveness::correct ? status::up : status::down;
    return health;
}

Health AvailabilityState::readiness_health() const {
    return readiness() == Readiness::accepting_traffic ? Health::up() : Health::out_of_service();
}

}  // namespace flotilla::actuator
