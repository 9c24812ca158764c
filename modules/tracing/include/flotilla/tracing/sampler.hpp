#pragma once
/// Decides once per trace, at its first hop, whether the trace is recorded.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"

namespace flotilla::tracing {

/// What is known when a trace begins. Text that does not apply is empty.
struct SamplingRequest {
    std::uint64_t trace_low = 0;
    TimePoint now = {};
    std::string_view method = {};
    std::string_view path = {};
    std::string_view route = {};
    std::string_view topic = {};
};

/// Thread-safe and lock-free: asked for each new trace on any thread.
class Sampler {
public:
    virtual ~Sampler() = default;
    [[nodiscard]] virtual bool sample(const SamplingRequest& request) noexcept = 0;

    /// False when `request.now` is not looked at; it spares a clock reading.
    [[nodiscard]] virtual bool needs_time() const noexcept { return false; }

protected:
    Sampler() = default;
    Sampler(const Sampler&) = default;
    Sampler& operator=(const Sampler&) = default;
};

std::shared_ptr<Sampler> always_sampler();
std::shared_ptr<Sampler> never_sampler();

/// Records that share of traces, in [0, 1]. A pure function of the trace id: services with the same
/// probability agree on every trace.
Result<std::shared_ptr<Sampler>> probability_sampler(double probability);

/// Records at most that many traces a second, as Brave does: under 10 whenever they come; from 10 on the
/// second is cut in ten, the first part gets the remainder too, and what a part leaves unused goes to the
/// rest of the second.
Result<std::shared_ptr<Sampler>> rate_sampler(std::uint32_t traces_per_second);

/// All conditions that are set must hold; an empty one always holds.
struct SamplingRule {
    std::string method = {};  ///< any case
    std::string path_prefix = {};
    std::string route = {};
    std::string topic = {};
    std::shared_ptr<Sampler> sampler = {};
};

/// The first rule that matches decides, otherwise `fallback`.
std::shared_ptr<Sampler> rules_sampler(std::vector<SamplingRule> rules, std::shared_ptr<Sampler> fallback);

/// Paths that never start a trace: alternatives separated by `|`, each matched against the whole path. Of
/// regular expressions it knows what such lists need: `.`, `.*` and `\` before a literal character; the rest
/// is an error.
class SkipPattern {
public:
    /// Skips nothing.
    SkipPattern() = default;
    static Result<SkipPattern> parse(std::string_view pattern);
    /// Health checks, API descriptions, static files, heartbeats.
    static const char* default_pattern() noexcept;

    [[nodiscard]] bool matches(std::string_view path) const noexcept;

private:
    struct Token {
        enum class Kind : std::uint8_t { literal, any_character, any_text } kind;
        char character = 0;
    };

    struct Alternative {
        std::vector<Token> tokens;
        // Most paths differ from most alternatives in their first or last two characters.
        std::string head;
        std::string tail;
    };

    static bool matches(const std::vector<Token>& tokens, std::string_view path) noexcept;

    std::vector<Alternative> alternatives_;
};

}  // namespace flotilla::tracing
