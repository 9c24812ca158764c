#pragma once
/// When queued spans are sent: a while after the first one, or as soon as there is enough for a message.

#include <optional>

#include "flotilla/base/clock.hpp"

namespace flotilla::zipkin {

/// Pure: it is told the time.
class Pace {
public:
    explicit Pace(Duration message_timeout) noexcept : message_timeout_(message_timeout) {}

    /// The bell of the queue was heard.
    void heard(TimePoint now, bool enough) noexcept {
        if (!due_) due_ = now + message_timeout_;
        if (enough) due_ = now;
    }

    /// All that was queued has been taken.
    void taken() noexcept { due_.reset(); }

    /// Nothing is queued without it.
    [[nodiscard]] std::optional<TimePoint> due() const noexcept { return due_; }

private:
    Duration message_timeout_;
    std::optional<TimePoint> due_;
};

}  // namespace flotilla::zipkin
