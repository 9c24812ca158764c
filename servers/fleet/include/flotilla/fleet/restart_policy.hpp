#pragma once
/// When a part that died is started again.

#include <cstdint>

#include "flotilla/base/clock.hpp"

namespace flotilla::fleet {

/// 100 ms after the first death, twice as long after each further one, 10 s at most; a part that lived for 10
/// s begins anew.
class RestartPolicy {
public:
    /// How long to wait after a life from `started` to `ended`.
    [[nodiscard]] Duration ended(TimePoint started, TimePoint ended) noexcept;

    [[nodiscard]] std::uint32_t restarts() const noexcept { return restarts_; }

private:
    std::uint32_t restarts_ = 0;
    std::uint32_t in_a_row_ = 0;
};

}  // namespace flotilla::fleet
