#pragma once
// How many cheap frames a client may send (rule S15): frames that cost it nothing, and us something.

#include <algorithm>
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
        empty,   ///< frames without content that end nothing, priorities, frames that nobody knows
        window,  ///< WINDOW_UPDATE; what we send earns some more
    };

    /// Counts one; false when there have been too many in this span of ten seconds.
    bool spend(Kind kind, TimePoint now) noexcept {
        Count& count = counts_[static_cast<std::size_t>(kind)];
        if (now - count.since >= span) count = {now, std::min<std::int32_t>(count.spent, 0)};
        return ++count.spent <= limits[static_cast<std::size_t>(kind)];
    }

    /// A frame of an answer has gone out: whoever reads it in small pieces may say so for each of them.
    void earn() noexcept {
        std::int32_t& spent = counts_[static_cast<std::size_t>(Kind::window)].spent;
        spent = std::max(spent - updates_per_frame, -most_earned);
    }

private:
    static constexpr Duration span = std::chrono::seconds(10);
    static constexpr std::array<std::int32_t, 5> limits{100, 100, 100, 1000, 1000};
    /// For the stream and for the connection, of a frame of 16 KiB in pieces of 2 KiB.
    static constexpr std::int32_t updates_per_frame = 16;
    static constexpr std::int32_t most_earned = 100'000;

    struct Count {
        TimePoint since;
        std::int32_t spent = 0;
    };

    std::array<Count, limits.size()> counts_{};
};

}  // namespace flotilla::http
