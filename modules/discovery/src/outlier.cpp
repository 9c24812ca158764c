#include "outlier.hpp"

#include <algorithm>
#include <cmath>

namespace flotilla::discovery {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

bool reached(std::uint32_t row, std::uint32_t threshold) noexcept {
    return threshold != 0 && row >= threshold;
}

}  // namespace

Verdict OutlierRules::after_failure(Member& member, const OutlierConfig& config) noexcept {
    if (reached(member.row_of_connect_.load(relaxed), config.consecutive_connect_failure))
        return {&member, "connect failure", config.max_connect_ejection_percent};
    if (reached(member.row_of_gateway_.load(relaxed), config.consecutive_gateway_failure))
        return {&member, "consecutive gateway failure", config.max_ejection_percent};
    if (reached(member.row_of_5xx_.load(relaxed), config.consecutive_5xx))
        return {&member, "consecutive 5xx", config.max_ejection_percent};
    return {};
}

std::vector<Verdict> OutlierRules::at_sweep(std::span<const MemberRef> members, const OutlierConfig& config) {
    std::vector<Verdict> out;
    add_success_rate(members, config, out);
    add_failure_percentage(members, config, out);
    return out;
}

void OutlierRules::begin_interval(std::span<const MemberRef> members) noexcept {
    for (const MemberRef& member : members) {
        member->requests_.store(0, relaxed);
        member->failures_.store(0, relaxed);
        if (!member->ejected() && member->times_ejected_ > 0) --member->times_ejected_;
    }
}

void OutlierRules::forget_rows(Member& member) noexcept {
    member.row_of_5xx_.store(0, relaxed);
    member.row_of_gateway_.store(0, relaxed);
    member.row_of_connect_.store(0, relaxed);
}

Duration OutlierRules::ejection_time(std::uint32_t times, const OutlierConfig& config) noexcept {
    return std::min<Duration>(config.base_ejection_time * times, config.max_ejection_time);
}

bool OutlierRules::may_eject(std::size_t all, std::size_t out, std::uint32_t percent) noexcept {
    if (all < 2) return false;  // it would be used all the same
    return out < std::max<std::size_t>(1, all * percent / 100);
}

double OutlierRules::success_rate(const Member& member) noexcept {
    const double requests = member.requests_.load(relaxed);
    return 100.0 * (requests - member.failures_.load(relaxed)) / requests;
}

std::vector<Member*> OutlierRules::with_volume(std::span<const MemberRef> members, std::uint32_t least) {
    std::vector<Member*> found;
    for (const MemberRef& member : members) {
        const std::uint32_t requests = member->requests_.load(relaxed);
        if (!member->ejected() && requests >= std::max(least, 1U)) found.push_back(member.get());
    }
    return found;
}

void OutlierRules::add_success_rate(
    std::span<const MemberRef> members, const OutlierConfig& config, std::vector<Verdict>& out
) {
    const auto judged = with_volume(members, config.success_rate_request_volume);
    if (config.success_rate_minimum_hosts == 0 || judged.size() < config.success_rate_minimum_hosts) return;
    const auto count = static_cast<double>(judged.size());
    double mean = 0;
    for (const Member* member : judged) mean += success_rate(*member) / count;
    double variance = 0;
    for (const Member* member : judged) variance += std::pow(success_rate(*member) - mean, 2) / count;
    const double threshold = mean - config.success_rate_stdev_factor * std::sqrt(variance);
    for (Member* member : judged) {
        if (success_rate(*member) < threshold)
            out.push_back({member, "success rate", config.max_ejection_percent});
    }
}

void OutlierRules::add_failure_percentage(
    std::span<const MemberRef> members, const OutlierConfig& config, std::vector<Verdict>& out
) {
    const auto judged = with_volume(members, config.failure_percentage_request_volume);
    if (config.failure_percentage_minimum_hosts == 0 ||
        judged.size() < config.failure_percentage_minimum_hosts)
        return;
    for (Member* member : judged) {
        if (100.0 - success_rate(*member) >= config.failure_percentage_threshold)
            out.push_back({member, "failure percentage", config.max_ejection_percent});
    }
}

}  // namespace flotilla::discovery
