#include "flotilla/resilience/admission.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace flotilla::resilience {

namespace {

std::int64_t second_of(TimePoint at) noexcept {
    return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace

AdmissionControl::AdmissionControl(Config config) : config_(config) {}

bool AdmissionControl::admits(TimePoint now, Random& random) {
    const double refused = refusal_probability(now);
    return refused <= 0 || random.unit() >= refused;
}

double AdmissionControl::refusal_probability(TimePoint now) {
    const std::scoped_lock lock(mutex_);
    return probability(second_of(now));
}

double AdmissionControl::probability(std::int64_t second) {
    while (!seconds_.empty() && seconds_.front().at + config_.window_seconds <= second) {
        calls_ -= seconds_.front().calls;
        successes_ -= seconds_.front().successes;
        seconds_.pop_front();
    }
    const auto calls = static_cast<double>(calls_);
    if (calls_ == 0 || calls < config_.minimum_rps * config_.window_seconds) return 0;
    const double missing = calls - static_cast<double>(successes_) / config_.success_threshold;
    if (missing <= 0) return 0;
    return std::min(std::pow(missing / (calls + 1), 1 / config_.aggression), config_.most_refused);
}

void AdmissionControl::ended(TimePoint now, bool success) {
    const std::scoped_lock lock(mutex_);
    const std::int64_t second = second_of(now);
    if (seconds_.empty() || seconds_.back().at < second) seconds_.push_back({.at = second});
    ++seconds_.back().calls;
    ++calls_;
    if (success) {
        ++seconds_.back().successes;
        ++successes_;
    }
}

std::optional<ShedQueue::Request> ShedQueue::push(const Request& request, TimePoint now) {
    waiting_.push_back(request);
    if (waiting_.size() <= capacity_) return std::nullopt;
    // Of two that are alike in the rest the newer one goes: max_element keeps the first of equals.
    const auto worst =
        std::max_element(waiting_.rbegin(), waiting_.rend(), [&](const Request& a, const Request& b) {
            const auto rank = [&](const Request& one) {
                return std::tuple(one.deadline.passed(now), one.retry, one.priority);
            };
            return rank(a) < rank(b);
        });
    const Request shed = *worst;
    waiting_.erase(std::next(worst).base());
    return shed;
}

std::optional<ShedQueue::Request> ShedQueue::pop(TimePoint now) {
    const auto alive = [&](const Request& one) { return !one.deadline.passed(now); };
    auto best = waiting_.rend();
    for (auto it = waiting_.rbegin(); it != waiting_.rend(); ++it) {
        if (alive(*it) && (best == waiting_.rend() || it->priority < best->priority)) best = it;
    }
    if (best == waiting_.rend()) return std::nullopt;
    const Request next = *best;
    waiting_.erase(std::next(best).base());
    return next;
}

std::optional<ShedQueue::Request> ShedQueue::expired(TimePoint now) {
    const auto dead = std::find_if(waiting_.begin(), waiting_.end(), [&](const Request& one) {
        return one.deadline.passed(now);
    });
    if (dead == waiting_.end()) return std::nullopt;
    const Request request = *dead;
    waiting_.erase(dead);
    return request;
}

bool ShedQueue::remove(std::uint64_t id) {
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const Request& one) { return one.id == id; });
    if (found == waiting_.end()) return false;
    waiting_.erase(found);
    return true;
}

}  // namespace flotilla::resilience
