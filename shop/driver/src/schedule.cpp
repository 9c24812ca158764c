#include "flotilla/shop/driver/schedule.hpp"

#include <cmath>

namespace flotilla::shop::driver {

namespace {

Duration seconds(double count) noexcept {
    return Duration(static_cast<std::int64_t>(count * 1e9));
}

}  // namespace

Duration start_of_user(std::uint64_t index, std::uint64_t users, Duration ramp) noexcept {
    if (users == 0) return Duration::zero();
    const double share = static_cast<double>(index) / static_cast<double>(users);
    return seconds(share * std::chrono::duration<double>(ramp).count());
}

Duration think_time(Duration mean, Random& random) noexcept {
    return seconds((0.5 + random.unit()) * std::chrono::duration<double>(mean).count());
}

Arrivals::Arrivals(double per_second, Duration ramp) noexcept
    : per_second_(per_second), ramp_seconds_(std::chrono::duration<double>(ramp).count()) {}

Duration Arrivals::at(std::uint64_t index) const noexcept {
    const auto n = static_cast<double>(index);
    // The area below a rate that grows from zero to its full height during the ramp.
    const double during_ramp = per_second_ * ramp_seconds_ / 2;
    if (n < during_ramp) return seconds(std::sqrt(2 * n * ramp_seconds_ / per_second_));
    return seconds(ramp_seconds_ + (n - during_ramp) / per_second_);
}

}  // namespace flotilla::shop::driver
