#pragma once
/// What a filter is. A user's own is one of these and a line in `main`: docs/gateway.md.
///
///     class AddTeam final : public gateway::Filter {
///     public:
///         gateway::Next before(gateway::Exchange& exchange) const override {
///             exchange.headers().set("X-Team", "blue");
///             return gateway::Next::go_on;
///         }
///     };

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/gateway/exchange.hpp"
#include "flotilla/gateway/value_template.hpp"

namespace flotilla::gateway {

class AnswerCache;

/// Which calls are made again. Statuses are those of the upstream.
struct RetryPolicy {
    std::uint32_t retries = 3;  ///< besides the first call
    std::vector<int> series{5};
    std::vector<int> statuses{};
    std::vector<std::string> methods{"GET"};
    bool on_io_error = true;
    bool on_timeout = true;
    bool has_backoff = false;
    Duration first_backoff = std::chrono::milliseconds(5);
    std::optional<Duration> max_backoff{};
    double factor = 2.0;
    bool based_on_previous = true;
    bool has_jitter = false;
    double random_factor = 0.5;
    std::optional<Duration> timeout{};
    std::uint64_t max_buffer = std::uint64_t{64} << 10;  ///< of a body that may have to be sent again

    [[nodiscard]] bool covers_method(std::string_view method) const noexcept;
    [[nodiscard]] bool covers_status(int status) const noexcept;
    /// Before the retry of that number, counted from 0.
    [[nodiscard]] Duration backoff(std::uint32_t retry, Duration previous, Random& random) const;
};

/// Guards a route; the breaker itself and its time limit are the resilience module's.
struct BreakerPolicy {
    std::string name{};  ///< the route's id when empty
    /// `forward:/path`, with variables; none: the failure itself is the answer.
    std::optional<ValueTemplate> fallback{};
    std::vector<int> statuses{};        ///< that count as failures
    bool resume_without_error = false;  ///< a failure is not the client's business

    [[nodiscard]] bool covers_status(int status) const noexcept;
};

/// An answer's body that filters have to see as a whole.
struct HeldAnswer {
    std::uint64_t most = std::uint64_t{1} << 20;  ///< a longer one is a failure of the upstream
    std::vector<std::string> media_types{};       ///< none: all but event streams

    [[nodiscard]] bool covers(std::string_view content_type) const noexcept;
};

/// What a route asks of whoever sends its requests: everything that takes waiting, as data.
struct RoutePolicies {
    std::optional<RetryPolicy> retry{};
    std::optional<BreakerPolicy> breaker{};
    /// A longer body is refused, counted as it streams.
    std::optional<std::uint64_t> max_body{};
    /// Answers for everybody are kept there.
    std::shared_ptr<AnswerCache> cache{};
    /// The request's body is read before the filters run: `Exchange::body`. A longer one is refused.
    std::optional<std::uint64_t> held_request{};
    /// The answer's body is there when they run again: `Answer::body`.
    std::optional<HeldAnswer> held_answer{};

    void hold_request(std::uint64_t most);
    void hold_answer(HeldAnswer more);
};

/// Immutable; called on all loops at once, and never waits.
class Filter {
public:
    virtual ~Filter() = default;

    /// Before the request is sent on; in order.
    [[nodiscard]] virtual Next before(Exchange&) const { return Next::go_on; }

    /// When there is an answer, before the client gets it; in reverse order, for those whose `before` was
    /// called. Not after a failure of the upstream.
    virtual void after(Exchange&, Answer&) const {}

    /// What has to be waited for.
    virtual void ask(RoutePolicies&) const {}

    /// For who wants another place than its own in the list; the first is 1.
    [[nodiscard]] virtual std::optional<std::int32_t> order() const { return std::nullopt; }

    /// For people: `AddRequestHeader X = 'a'`.
    [[nodiscard]] virtual std::string text() const = 0;

protected:
    Filter() = default;
    Filter(const Filter&) = default;
    Filter& operator=(const Filter&) = default;
};

using FilterPtr = std::shared_ptr<const Filter>;

}  // namespace flotilla::gateway
