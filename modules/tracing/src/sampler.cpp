#include "flotilla/tracing/sampler.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <utility>

#include "flotilla/base/text.hpp"

namespace flotilla::tracing {

namespace {

class ConstantSampler final : public Sampler {
public:
    explicit ConstantSampler(bool answer) noexcept : answer_(answer) {}

    bool sample(const SamplingRequest&) noexcept override { return answer_; }

private:
    bool answer_;
};

/// Looks at the low 56 bits only: those are the ones that W3C lets one rely on.
class ProbabilitySampler final : public Sampler {
public:
    explicit ProbabilitySampler(double probability) noexcept
        : threshold_(static_cast<std::uint64_t>(std::round(probability * 1e6)) * (range / 1'000'000)) {
        if (probability >= 1) threshold_ = range;
    }

    bool sample(const SamplingRequest& request) noexcept override {
        return (request.trace_low & (range - 1)) < threshold_;
    }

private:
    static constexpr std::uint64_t range = std::uint64_t{1} << 56;
    std::uint64_t threshold_;
};

/// The window's start (in units of 100 us) and the traces taken in it share one word, so that a new window
/// and its first trace are one step.
class RateSampler final : public Sampler {
public:
    static constexpr std::uint32_t max_rate = (1U << 20) - 1;

    explicit RateSampler(std::uint32_t rate) noexcept {
        const std::uint32_t share = rate / 10;
        for (std::uint32_t part = 0; part < 10; ++part)
            allowed_[part] = rate < 10 ? rate : share * (part + 1) + rate % 10;
    }

    bool sample(const SamplingRequest& request) noexcept override {
        const auto now = static_cast<std::uint64_t>(request.now.time_since_epoch().count()) / unit_ns;
        std::uint64_t word = state_.load(std::memory_order_relaxed);
        for (;;) {
            const std::uint64_t begun = word >> count_bits;
            const bool fresh = word == 0 || now >= begun + second;
            const std::uint64_t start = fresh ? now : begun;
            const std::uint64_t taken = fresh ? 0 : word & max_rate;
            // Another thread may have begun the window a moment after `now` was read.
            const std::uint64_t part = now < start ? 0 : (now - start) / (second / 10);
            if (taken >= allowed_[part]) return false;
            if (state_.compare_exchange_weak(
                    word, start << count_bits | (taken + 1), std::memory_order_relaxed
                ))
                return true;
        }
    }

    [[nodiscard]] bool needs_time() const noexcept override { return true; }

private:
    static constexpr std::uint64_t unit_ns = 100'000;
    static constexpr std::uint64_t second = 10'000;
    static constexpr int count_bits = 20;

    std::array<std::uint32_t, 10> allowed_{};
    std::atomic<std::uint64_t> state_{0};
};

class RulesSampler final : public Sampler {
public:
    RulesSampler(std::vector<SamplingRule> rules, std::shared_ptr<Sampler> fallback)
        : rules_(std::move(rules)), fallback_(std::move(fallback)) {
        needs_time_ = fallback_->needs_time() || std::ranges::any_of(rules_, [](const auto& rule) {
                          return rule.sampler->needs_time();
                      });
    }

    bool sample(const SamplingRequest& request) noexcept override {
        const auto applies = [&](const SamplingRule& rule) {
            return (rule.method.empty() || iequals(rule.method, request.method)) &&
                   request.path.starts_with(rule.path_prefix) &&
                   (rule.route.empty() || rule.route == request.route) &&
                   (rule.topic.empty() || rule.topic == request.topic);
        };
        const auto rule = std::ranges::find_if(rules_, applies);
        return (rule != rules_.end() ? rule->sampler : fallback_)->sample(request);
    }

    [[nodiscard]] bool needs_time() const noexcept override { return needs_time_; }

private:
    std::vector<SamplingRule> rules_;
    std::shared_ptr<Sampler> fallback_;
    bool needs_time_ = false;
};

}  // namespace

std::shared_ptr<Sampler> always_sampler() {
    return std::make_shared<ConstantSampler>(true);
}

std::shared_ptr<Sampler> never_sampler() {
    return std::make_shared<ConstantSampler>(false);
}

Result<std::shared_ptr<Sampler>> probability_sampler(double probability) {
    if (!(probability >= 0 && probability <= 1))
        return fail(Errc::invalid_argument, "sampling probability must be between 0 and 1");
    return std::make_shared<ProbabilitySampler>(probability);
}

Result<std::shared_ptr<Sampler>> rate_sampler(std::uint32_t traces_per_second) {
    if (traces_per_second > RateSampler::max_rate)
        return fail(Errc::invalid_argument, "sampling rate must be at most 1048575 traces a second");
    return std::make_shared<RateSampler>(traces_per_second);
}

std::shared_ptr<Sampler> rules_sampler(std::vector<SamplingRule> rules, std::shared_ptr<Sampler> fallback) {
    return std::make_shared<RulesSampler>(std::move(rules), std::move(fallback));
}

}  // namespace flotilla::tracing
