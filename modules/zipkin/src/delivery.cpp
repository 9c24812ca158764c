#include "flotilla/zipkin/delivery.hpp"

#include <algorithm>

#include "flotilla/base/text.hpp"

namespace flotilla::zipkin {

namespace {

/// Nobody was there, or somebody went away: what a restart looks like. Should the message have arrived all
/// the same, stores keep a span that comes twice once.
bool looks_like_a_restart(const std::error_code& code) noexcept {
    return code == Errc::refused || code == Errc::unavailable || code == Errc::not_found ||
           code == Errc::closed;
}

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view text) noexcept {
    const auto seconds = parse_integer<std::uint32_t>(trim(text));
    if (!seconds) return std::nullopt;
    return std::chrono::seconds(*seconds);
}

std::string Delivery::cause_of(const Attempt& attempt) {
    if (attempt.status != 0) return "status_" + std::to_string(attempt.status);
    if (!attempt.error) return "other";
    const std::error_code& code = attempt.error->code();
    if (code == Errc::timed_out) return "timed_out";
    if (code == Errc::closed) return "closed";
    return looks_like_a_restart(code) ? "refused" : "other";
}

bool Delivery::worth_a_retry(const Attempt& attempt) noexcept {
    if (attempt.number > 1) return false;
    if (attempt.status != 0)
        return (attempt.status == 429 || attempt.status == 503) &&
               attempt.retry_after.value_or(Duration::zero()) <= longest_pause;
    return attempt.error && looks_like_a_restart(attempt.error->code());
}

Delivery::Verdict Delivery::judge(const Attempt& attempt, Random& random) {
    Verdict verdict;
    if (attempt.status / 100 == 2) {
        if (lost_ > 0) {
            verdict.tell = Tell::recovery;
            verdict.messages_lost = lost_;
            lost_ = 0;
        }
        return verdict;
    }
    if (worth_a_retry(attempt)) {
        verdict.step = Step::retry;
        // Half of it up to one and a half, so that the instances of a service do not come back all at once.
        const double share = 0.5 + random.unit();
        const auto pause = static_cast<double>(retry_pause.count()) * share;
        verdict.pause = std::max(
            Duration(static_cast<std::int64_t>(pause)), attempt.retry_after.value_or(Duration::zero())
        );
        return verdict;
    }
    verdict.step = Step::give_up;
    verdict.cause = cause_of(attempt);
    verdict.tell = lost_ == 0 ? Tell::warning : Tell::debug;
    ++lost_;
    return verdict;
}

}  // namespace flotilla::zipkin
