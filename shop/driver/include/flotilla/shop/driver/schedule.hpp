#pragma once
/// When things of a load run are due. Offsets count from its start.

#include <cstdint>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"

namespace flotilla::shop::driver {

/// When one of the users of a closed loop begins: they are spread evenly over the ramp.
Duration start_of_user(std::uint64_t index, std::uint64_t users, Duration ramp) noexcept;

/// How long a user thinks: evenly from half to one and a half of the mean, so that users do not march in
/// step.
Duration think_time(Duration mean, Random& random) noexcept;

/// The arrivals of an open loop: they come when they come, however slow the answers are. The rate grows
/// evenly during the ramp and stays.
class Arrivals {
public:
    Arrivals(double per_second, Duration ramp) noexcept;

    /// When arrival `index` (from 0) is due.
    [[nodiscard]] Duration at(std::uint64_t index) const noexcept;

private:
    double per_second_;
    double ramp_seconds_;
};

}  // namespace flotilla::shop::driver
