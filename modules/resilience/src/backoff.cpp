#include "flotilla/resilience/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace flotilla::resilience {

namespace {

using std::chrono::milliseconds;

/// Beyond it the cast to milliseconds would overflow: some three years.
constexpr double longest_ms = 1e11;

}  // namespace

Duration Backoff::wait(std::uint32_t attempt, Random& random) const {
    if (custom) return custom(attempt);
    if (multiplier == 1.0 && random_factor == 0.0) {
        return maximum ? std::min(initial, *maximum) : initial;
    }
    double interval = std::floor(std::chrono::duration<double, std::milli>(initial).count());
    if (multiplier != 1.0) {
        for (std::uint32_t step = 1; step < attempt; ++step) {
            const double next = std::floor(std::min(interval * multiplier, longest_ms));
            if (next == interval) break;
            interval = next;
        }
    }
    if (random_factor > 0.0) {
        const double spread = interval * random_factor;
        interval = std::floor(interval - spread + random.unit() * (2 * spread + 1));
    }
    const Duration wait = milliseconds(static_cast<std::int64_t>(interval));
    return maximum ? std::min(wait, *maximum) : wait;
}

}  // namespace flotilla::resilience
