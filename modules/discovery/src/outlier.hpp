#pragma once
// Which instances do worse than the rest: Envoy's rules of outlier detection, as pure functions of figures.

#include <span>
#include <string_view>
#include <vector>

#include "flotilla/discovery/balancer_config.hpp"
#include "flotilla/discovery/member.hpp"

namespace flotilla::discovery {

struct Verdict {
    Member* member = nullptr;  ///< null: nobody
    std::string_view reason;
    std::uint32_t max_percent = 0;  ///< of all that may be out for this reason
};

class OutlierRules {
public:
    /// After a failed call: whether a row of failures is long enough.
    static Verdict after_failure(Member& member, const OutlierConfig& config) noexcept;
    /// At the end of an interval: who is far below the others.
    static std::vector<Verdict> at_sweep(std::span<const MemberRef> members, const OutlierConfig& config);
    /// Begins a new interval, and forgives by one step who has behaved.
    static void begin_interval(std::span<const MemberRef> members) noexcept;
    static void forget_rows(Member& member) noexcept;
    /// How long it is left out, which grows with each time.
    static Duration ejection_time(std::uint32_t times, const OutlierConfig& config) noexcept;
    static bool may_eject(std::size_t all, std::size_t out, std::uint32_t percent) noexcept;

private:
    static void add_success_rate(
        std::span<const MemberRef> members, const OutlierConfig& config, std::vector<Verdict>& out
    );
    static void add_failure_percentage(
        std::span<const MemberRef> members, const OutlierConfig& config, std::vector<Verdict>& out
    );
    static double success_rate(const Member& member) noexcept;
    static std::vector<Member*> with_volume(std::span<const MemberRef> members, std::uint32_t least);
};

}  // namespace flotilla::discovery
