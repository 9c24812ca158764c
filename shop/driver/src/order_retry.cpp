#include "flotilla/shop/driver/order_retry.hpp"

#include <algorithm>

#include "flotilla/resilience/backoff.hpp"

namespace flotilla::shop::driver {

OrderVerdict verdict_of(std::optional<int> status, bool retry_after) noexcept {
    if (!status || *status == 429 || *status >= 500) return OrderVerdict::again;
    if (*status == 409 && retry_after) return OrderVerdict::again;
    return *status == 201 ? OrderVerdict::created : OrderVerdict::refused;
}

std::optional<Duration> OrderRetry::pause(
    std::uint32_t retry, std::optional<Duration> retry_after, Random& random
) const {
    if (retry > retries) return std::nullopt;
    const resilience::Backoff backoff{
        .initial = first_pause, .multiplier = 2, .maximum = longest_pause, .random_factor = 0.3
    };
    return std::min(
        std::max(backoff.wait(retry, random), retry_after.value_or(Duration::zero())), longest_pause
    );
}

}  // namespace flotilla::shop::driver
