#include "flotilla/shop/driver/fault_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flotilla/base/random.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/reflect/types.hpp"

namespace flotilla::shop::driver {

namespace {

using namespace std::chrono_literals;

Duration share_of(Duration span, double share) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(share * static_cast<double>(span / 1ms)));
}

/// Deals all parts in a new order each round.
class Deck {
public:
    explicit Deck(std::vector<std::string> parts) : parts_(std::move(parts)), next_(parts_.size()) {}

    const std::string& deal(Random& random) {
        if (next_ == parts_.size()) {
            // std::shuffle may differ between libraries; the plan of a seed may not.
            for (std::size_t i = parts_.size(); i > 1; --i) std::swap(parts_[i - 1], parts_[random.below(i)]);
            next_ = 0;
        }
        return parts_[next_++];
    }

private:
    std::vector<std::string> parts_;
    std::size_t next_;
};

std::vector<FaultFlag> flags_for(const std::vector<FaultFlag>& flags, const std::string& part) {
    std::vector<FaultFlag> fitting;
    for (const FaultFlag& flag : flags)
        if (is_of_group(part, flag.group)) fitting.push_back(flag);
    return fitting;
}

}  // namespace

bool is_of_group(std::string_view part, std::string_view group) noexcept {
    if (!part.starts_with(group)) return false;
    const std::string_view rest = part.substr(group.size());
    return rest.empty() || (rest.front() == '-' && parse_integer<unsigned>(rest.substr(1)));
}

std::vector<Fault> make_fault_plan(const FaultPlanOptions& options) {
    std::vector<Fault> plan;
    if (options.parts.empty() || options.kinds.empty()) return plan;
    std::vector<std::string> parts = options.parts;
    std::ranges::sort(parts);
    Random random(options.seed);
    Deck deck(std::move(parts));
    Duration now = share_of(options.pause, 0.5 + random.unit());
    while (now < options.duration) {
        Fault fault{
            .at = now, .kind = options.kinds[random.below(options.kinds.size())], .part = deck.deal(random)
        };
        const auto flags = flags_for(options.flags, fault.part);
        if (fault.kind == FaultKind::flag && flags.empty()) fault.kind = FaultKind::kill;
        if (fault.kind == FaultKind::flag) fault.flag = flags[random.below(flags.size())];
        if (fault.kind != FaultKind::kill)
            fault.length = share_of(options.longest, 0.25 + 0.75 * random.unit());
        now += fault.length + share_of(options.pause, 0.5 + random.unit());
        plan.push_back(std::move(fault));
    }
    return plan;
}

Result<std::vector<FaultFlag>> parse_fault_flags(std::string_view text) {
    std::vector<FaultFlag> flags;
    for (const std::string_view word : split_list(text)) {
        const std::size_t colon = word.find(':');
        const std::size_t equals = word.find('=');
        if (colon == word.npos || equals == word.npos || equals < colon)
            return fail(
                Errc::invalid_argument, fmt::format("flag {}: wanted is order:order.get.delay-ms=2000", word)
            );
        flags.push_back(
            {std::string(word.substr(0, colon)),
             fmt::format("shop.fault.{}", word.substr(colon + 1, equals - colon - 1)),
             std::string(word.substr(equals + 1))}
        );
    }
    return flags;
}

Result<std::vector<FaultKind>> parse_fault_kinds(std::string_view text) {
    std::vector<FaultKind> kinds;
    for (const std::string_view word : split_list(text)) {
        const auto kind = reflect::enum_from_text<FaultKind>(word);
        if (!kind) return fail(Errc::invalid_argument, fmt::format("{} is none of kill, stop, flag", word));
        kinds.push_back(*kind);
    }
    if (kinds.empty()) return fail(Errc::invalid_argument, "no kind of fault");
    return kinds;
}

}  // namespace flotilla::shop::driver
