#pragma once
/// What becomes of a message after an attempt to send it, and what the log says about it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/random.hpp"
#include "flotilla/base/result.hpp"

namespace flotilla::zipkin {

/// How one attempt ended.
struct Attempt {
    unsigned number = 1;
    int status = 0;  ///< 0: no answer
    std::optional<Duration> retry_after = std::nullopt;
    std::optional<Error> error = std::nullopt;
};

/// `Retry-After` in seconds; dates are not understood.
std::optional<Duration> parse_retry_after(std::string_view text) noexcept;

/// Every failure ends here: one retry where the store may just be restarting, then the message is given up,
/// because whoever keeps everything has soon no memory left. The first failure is a warning, those that
/// follow are only for who debugs, and the first success tells that it is over. Pure.
class Delivery {
public:
    static constexpr Duration retry_pause = std::chrono::milliseconds(200);
    /// A longer `Retry-After` is not waited for: the queue would only fill up.
    static constexpr Duration longest_pause = std::chrono::seconds(5);

    enum class Step : std::uint8_t { sent, retry, give_up };
    enum class Tell : std::uint8_t { nothing, warning, debug, recovery };

    struct Verdict {
        Step step = Step::sent;
        Duration pause{};   ///< before the retry
        std::string cause;  ///< of a message that is given up: `refused`, `timed_out`, `status_500`
        Tell tell = Tell::nothing;
        std::uint64_t messages_lost = 0;  ///< with `recovery`: since the warning
    };

    Verdict judge(const Attempt& attempt, Random& random);

private:
    static std::string cause_of(const Attempt& attempt);
    static bool worth_a_retry(const Attempt& attempt) noexcept;

    std::uint64_t lost_ = 0;  // in a row
};

}  // namespace flotilla::zipkin
