#include "flotilla/base/clock.hpp"

namespace flotilla {

namespace {

class SystemClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }

    [[nodiscard]] WallTime wall_now() const noexcept override { return std::chrono::system_clock::now(); }
};

}  // namespace

const Clock& Clock::system() noexcept {
    static const SystemClock clock;
    return clock;
}

}  // namespace flotilla
