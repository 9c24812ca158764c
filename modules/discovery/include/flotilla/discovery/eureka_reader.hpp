#pragma once
/// When a Eureka client reads the registry, and what: the reading half of its protocol, without I/O.

#include <optional>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/discovery/eureka_copy.hpp"
#include "flotilla/eureka/applications.hpp"

namespace flotilla::discovery {

enum class Fetch : std::uint8_t { full, delta };

enum class FetchFailure : std::uint8_t {
    refused,   ///< no connection, a bad status, a body that cannot be read
    timed_out  ///< answers are slow: ask less often
};

/// A pure state machine: full at first and while the copy is empty, then deltas at intervals; full at once
/// when a delta is refused or the hash codes differ. One fetch at a time.
class EurekaReader {
public:
    struct Settings {
        Duration interval = std::chrono::seconds(30);
        bool disable_delta = false;
        std::uint32_t back_off_bound = 10;  ///< times the interval, at most
        double jitter = 0.1;
        EurekaCopy::Settings copy{};
    };

    EurekaReader(Settings settings, Random random, TimePoint now);

    /// What to fetch now, if anything. Exactly one of the four below follows.
    [[nodiscard]] std::optional<Fetch> begin(TimePoint now);
    void full_arrived(eureka::Applications full, TimePoint now);
    void delta_arrived(const eureka::Applications& delta, TimePoint now);
    /// 403, 404, or nothing in it.
    void delta_refused(TimePoint now);
    void failed(FetchFailure why, TimePoint now);

    /// A registry that pushes has sent something of its own accord. While it does, reading by interval rests.
    void pushed_full(eureka::Applications full, TimePoint now);
    void pushed_delta(const eureka::Applications& delta, TimePoint now);
    /// Reads at once: a push has ended, or somebody wants it now.
    void hurry(TimePoint now);

    /// When to call `begin` next.
    [[nodiscard]] TimePoint due() const noexcept { return in_flight_ ? TimePoint::max() : due_; }

    /// A first full document has come.
    [[nodiscard]] bool ready() const noexcept { return ready_; }

    [[nodiscard]] const EurekaCopy& copy() const noexcept { return copy_; }

    /// What callers are to be told.
    [[nodiscard]] EurekaCopy::Changes take_changes() { return copy_.take_changes(); }

private:
    void take_delta(const eureka::Applications& delta, TimePoint now);
    void done(TimePoint now);
    void rest(TimePoint now);
    [[nodiscard]] Duration jittered(Duration span);

    const Settings settings_;
    Random random_;
    EurekaCopy copy_;
    TimePoint due_;
    bool in_flight_ = false;
    bool want_full_ = false;
    bool ready_ = false;
    bool hurried_ = false;  // somebody asked while a fetch was under way
    TimePoint last_read_;
    std::int64_t last_version_ = 0;  // of a delta
    std::uint32_t slowness_ = 1;
    std::uint32_t early_failures_ = 0;
};

}  // namespace flotilla::discovery
