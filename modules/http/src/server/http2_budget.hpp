#pragma once
// How many cheap frames a client may send (rule S15): frames that cost it nothing, and us something.

#include <array>
#include <cstdint>

#include "flotilla/base/clock.hpp"

namespace flotilla::http {

class Http2Budget {
public:
    enum class Kind : std::uint8_t {
        reset,  ///< RST_STREAM, and each stream that we had to reset for what it sent
        ping,
        settings,
        empty,  ///< frames without content that end nothing, priorities
    };

    /// Counts one; false when there have been too many in this span of ten seconds.
    bool spend(Kind kind, TimePoint now) noexcept {
        Count& count = counts_[static_cast<std::size_t>(kind)];
        if (now - count.since >= span) count = {now, 0};
        return ++count.spent <= limits[static_cast<std::size_t>(kind)];
    }

private:
    static constexpr Duration span = std::chrono::seconds(10);
    static constexpr std::array<std::uint32_t, 4> limits{100, 100, 100, 1000};

    struct Count {
        TimePoint since;
        std::uint32_t spent = 0;
    };

    std::array<Count, limits.size()> counts_{};
};

}  // namespace flotilla::http
