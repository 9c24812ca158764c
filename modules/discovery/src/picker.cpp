#include "flotilla/discovery/picker.hpp"

#include <algorithm>
#include <numeric>

namespace flotilla::discovery {

namespace {

/// Uniform in [0, bound) out of 32 random bits; the bias is below bound / 2^32.
constexpr std::size_t scaled(std::uint32_t bits, std::size_t bound) noexcept {
    return static_cast<std::size_t>((static_cast<std::uint64_t>(bits) * bound) >> 32);
}

/// Walker's alias table: an index with a probability in proportion to its weight, for two memory reads.
class AliasTable {
public:
    explicit AliasTable(std::span<const Candidate> candidates)
        : keep_(candidates.size(), 1.0), alias_(candidates.size()) {
        std::iota(alias_.begin(), alias_.end(), 0U);
        double total = 0;
        for (const Candidate& candidate : candidates) total += candidate.weight;
        const auto count = static_cast<double>(candidates.size());
        std::vector<std::uint32_t> poor;
        std::vector<std::uint32_t> rich;
        for (std::uint32_t i = 0; i < candidates.size(); ++i) {
            keep_[i] = candidates[i].weight * count / total;
            (keep_[i] < 1.0 ? poor : rich).push_back(i);
        }
        while (!poor.empty() && !rich.empty()) {
            const std::uint32_t taker = poor.back();
            poor.pop_back();
            const std::uint32_t giver = rich.back();
            alias_[taker] = giver;
            keep_[giver] -= 1.0 - keep_[taker];
            if (keep_[giver] >= 1.0) continue;
            rich.pop_back();
            poor.push_back(giver);
        }
        // What rounding has left over is as good as one.
        for (const std::uint32_t i : poor) keep_[i] = 1.0;
        for (const std::uint32_t i : rich) keep_[i] = 1.0;
    }

    [[nodiscard]] std::size_t pick(Random& random) const noexcept {
        const std::uint64_t bits = random();
        const std::size_t column = scaled(static_cast<std::uint32_t>(bits >> 32), alias_.size());
        const double coin = static_cast<double>(static_cast<std::uint32_t>(bits)) * 0x1.0p-32;
        return coin < keep_[column] ? column : alias_[column];
    }

private:
    std::vector<double> keep_;
    std::vector<std::uint32_t> alias_;
};

bool equal_weights(std::span<const Candidate> candidates) noexcept {
    return std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
        return candidate.weight == candidates.front().weight;
    });
}

class RandomPicker final : public Picker {
public:
    explicit RandomPicker(std::span<const Candidate> candidates) : size_(candidates.size()) {}

    [[nodiscard]] std::size_t pick(const PickRequest&, Random& random) const override {
        return scaled(static_cast<std::uint32_t>(random() >> 32), size_);
    }

private:
    std::size_t size_;
};

class WeightedRandomPicker final : public Picker {
public:
    explicit WeightedRandomPicker(std::span<const Candidate> candidates) : table_(candidates) {}

    [[nodiscard]] std::size_t pick(const PickRequest&, Random& random) const override {
        return table_.pick(random);
    }

private:
    AliasTable table_;
};

/// Spring's arithmetic: the counter steps first, and stands still when there is nothing to choose.
class RoundRobinPicker final : public Picker {
public:
    RoundRobinPicker(std::span<const Candidate> candidates, PickerState& state)
        : size_(static_cast<std::uint32_t>(candidates.size())), state_(state) {}

    [[nodiscard]] std::size_t pick(const PickRequest&, Random&) const override {
        if (size_ == 1) return 0;
        const std::uint32_t position = state_.position.fetch_add(1, std::memory_order_relaxed) + 1;
        return (position & 0x7fffffffU) % size_;
    }

private:
    std::uint32_t size_;
    PickerState& state_;
};

class WeightedRoundRobinPicker final : public Picker {
public:
    WeightedRoundRobinPicker(std::span<const Candidate> candidates, PickerState& state)
        : schedule_(detail::smooth_schedule(candidates)), state_(state) {}

    [[nodiscard]] std::size_t pick(const PickRequest&, Random&) const override {
        const std::uint32_t position = state_.position.fetch_add(1, std::memory_order_relaxed);
        return schedule_[position % schedule_.size()];
    }

private:
    std::vector<std::uint32_t> schedule_;
    PickerState& state_;
};

/// Of two, the one with fewer calls under way.
class FewerCalls {
public:
    [[nodiscard]] static bool prefers_second(
        const Member& first, const Member& second, double first_weight, double second_weight, TimePoint
    ) noexcept {
        return second.active() * first_weight < first.active() * second_weight;
    }
};

/// Of two, the one with the lower latency times load. One that has not answered yet costs next to nothing, so
/// that it is tried, but not by everybody at once.
class LowerPeak {
public:
    [[nodiscard]] static bool prefers_second(
        const Member& first, const Member& second, double first_weight, double second_weight, TimePoint now
    ) noexcept {
        const Member::Measured a = first.measured();
        const Member::Measured b = second.measured();
        // Each cost has to be divided by its ageing: the other is multiplied by it instead.
        return cost(second, b) * first_weight * ageing(a, now) <
               cost(first, a) * second_weight * ageing(b, now);
    }

private:
    static double cost(const Member& member, const Member::Measured& measured) noexcept {
        const auto latency = static_cast<double>(std::max<std::int64_t>(measured.latency.count(), 1));
        return latency * (member.active() + 1.0);
    }

    /// (1 + x/16)^16, which is nearly e^x, for no call of a function.
    static double ageing(const Member::Measured& measured, TimePoint now) noexcept {
        if (measured.latency == Duration::zero()) return 1.0;
        constexpr auto sixteenth = 1.0 / (16.0 * static_cast<double>(Member::latency_decay.count()));
        const auto age = static_cast<double>(std::max((now - measured.at).count(), Duration::rep{0}));
        const double base = 1.0 + age * sixteenth;
        const double square = base * base;
        const double fourth = square * square;
        return fourth * fourth * fourth * fourth;
    }
};

/// Both are drawn in proportion to their weights, so that an idle fleet is shared fairly; the load decides
/// between them.
template <class Rule>
class TwoChoicesPicker final : public Picker {
public:
    explicit TwoChoicesPicker(std::span<const Candidate> candidates) : candidates_(candidates) {
        if (!equal_weights(candidates)) table_ = std::make_unique<const AliasTable>(candidates);
    }

    [[nodiscard]] std::size_t pick(const PickRequest& request, Random& random) const override {
        const std::size_t size = candidates_.size();
        if (size == 1) return 0;
        std::size_t first = 0;
        std::size_t second = 0;
        if (table_) {
            first = table_->pick(random);
            second = table_->pick(random);
        } else {
            const std::uint64_t bits = random();
            first = scaled(static_cast<std::uint32_t>(bits >> 32), size);
            second = scaled(static_cast<std::uint32_t>(bits), size - 1);
            if (second >= first) ++second;
        }
        const Candidate& a = candidates_[first];
        const Candidate& b = candidates_[second];
        return Rule::prefers_second(*a.member, *b.member, a.weight, b.weight, request.now) ? second : first;
    }

private:
    std::span<const Candidate> candidates_;
    std::unique_ptr<const AliasTable> table_;
};

}  // namespace

std::vector<std::uint32_t> detail::smooth_schedule(std::span<const Candidate> candidates) {
    constexpr std::uint64_t longest = 1 << 16;
    constexpr double parts = 100.0;  // weights may be fractions during a slow start
    std::vector<std::int64_t> weights;
    std::int64_t total = 0;
    const bool whole = std::all_of(candidates.begin(), candidates.end(), [](const Candidate& candidate) {
        return candidate.weight == static_cast<double>(static_cast<std::int64_t>(candidate.weight));
    });
    for (const Candidate& candidate : candidates) {
        const double scaled = candidate.weight * (whole ? 1.0 : parts);
        weights.push_back(std::max<std::int64_t>(1, static_cast<std::int64_t>(scaled)));
        total += weights.back();
    }
    std::int64_t divisor = 0;
    for (const std::int64_t weight : weights) divisor = std::gcd(divisor, weight);
    divisor = std::max(
        divisor, (total + static_cast<std::int64_t>(longest) - 1) / static_cast<std::int64_t>(longest)
    );
    total = 0;
    for (std::int64_t& weight : weights) {
        weight = std::max<std::int64_t>(1, weight / divisor);
        total += weight;
    }
    // Each gains its weight; the richest goes and pays the total: nginx's rule.
    std::vector<std::int64_t> balance(weights.size(), 0);
    std::vector<std::uint32_t> schedule;
    schedule.reserve(static_cast<std::size_t>(total));
    for (std::int64_t step = 0; step < total; ++step) {
        std::size_t richest = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            balance[i] += weights[i];
            if (balance[i] > balance[richest]) richest = i;
        }
        balance[richest] -= total;
        schedule.push_back(static_cast<std::uint32_t>(richest));
    }
    return schedule;
}

std::unique_ptr<const Picker> make_picker(
    const BalancerConfig& config, std::span<const Candidate> candidates, PickerState& state
) {
    switch (config.algorithm) {
        case Algorithm::least_loaded:
            break;
        case Algorithm::round_robin:
            if (equal_weights(candidates) || config.slow_start.window.count() == 0)
                return std::make_unique<RoundRobinPicker>(candidates, state);
            return std::make_unique<WeightedRoundRobinPicker>(candidates, state);
        case Algorithm::random:
            if (equal_weights(candidates)) return std::make_unique<RandomPicker>(candidates);
            return std::make_unique<WeightedRandomPicker>(candidates);
        case Algorithm::peak_ewma:
            return std::make_unique<TwoChoicesPicker<LowerPeak>>(candidates);
        case Algorithm::weighted:
            return std::make_unique<WeightedRoundRobinPicker>(candidates, state);
        case Algorithm::ring_hash:
            return detail::make_ring(candidates, config.ring_size);
        case Algorithm::maglev:
            return detail::make_maglev(candidates);
    }
    return std::make_unique<TwoChoicesPicker<FewerCalls>>(candidates);
}

}  // namespace flotilla::discovery
