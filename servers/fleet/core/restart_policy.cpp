#include "flotilla/fleet/restart_policy.hpp"

#include <algorithm>

namespace flotilla::fleet {

namespace {

constexpr Duration shortest = std::chrono::milliseconds(100);
constexpr Duration longest = std::chrono::seconds(10);
constexpr std::uint32_t doublings = 7;  // beyond the longest

}  // namespace

Duration RestartPolicy::ended(TimePoint started, TimePoint ended) noexcept {
    if (ended - started >= longest) in_a_row_ = 0;
    const Duration wait = std::min(longest, shortest * (1U << std::min(in_a_row_, doublings)));
    ++in_a_row_;
    ++restarts_;
    return wait;
}

}  // namespace flotilla::fleet
