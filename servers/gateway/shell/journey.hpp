#pragma once
// One request on its way: routed, filtered, sent, perhaps again, answered.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flights.hpp"
#include "flotilla/discovery/cluster.hpp"
#include "flotilla/gateway/answer_cache.hpp"
#include "flotilla/gateway/exchange.hpp"
#include "flotilla/gateway/gateway_config.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/proxy/proxy.hpp"
#include "flotilla/proxy/request_body.hpp"
#include "flotilla/resilience/adaptive_limiter.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"
#include "flotilla/resilience/retry_budget.hpp"
#include "live_table.hpp"
#include "refresher.hpp"
#include "upstreams.hpp"

namespace flotilla::gateway {

/// What all requests share. Everything outlives them.
struct GatewayShared {
    Service& service;
    const GatewayConfig& config;
    proxy::Proxy& proxy;
    Upstreams& upstreams;
    const Admission& admission;
    TableKeeper& tables;
    Flights& flights;
    Refresher& refresher;
    log::Logger log;
};

/// What is left of a request's time, in ms: services need not work for those who have gone.
inline constexpr std::string_view deadline_header = "X-Request-Deadline-Ms";

class Journey;

/// Room for journeys, kept for the next ones: each is some kilobytes. One for each loop.
class JourneyRooms {
public:
    JourneyRooms() = default;
    ~JourneyRooms();
    JourneyRooms(const JourneyRooms&) = delete;
    JourneyRooms& operator=(const JourneyRooms&) = delete;

    void* take();
    void give_back(void* room) noexcept;

private:
    std::vector<void*> free_;
};

struct EndJourney {
    void operator()(Journey* journey) const noexcept;

    JourneyRooms* rooms = nullptr;
};

using JourneyPtr = std::unique_ptr<Journey, EndJourney>;

/// Owned by the handler's coroutine.
class Journey final : public proxy::AnswerFilter {
public:
    static JourneyPtr make(
        JourneyRooms& rooms, GatewayShared& shared, http::Request& request, http::Response& response
    );
    Journey(GatewayShared& shared, http::Request& request, http::Response& response);
    Journey(const Journey&) = delete;
    Journey& operator=(const Journey&) = delete;

    static Task<> run(JourneyPtr journey);

private:
    enum class Step : std::uint8_t { finished, read_body, call, local, reroute };

    /// From route to route, before it counts as a circle.
    static constexpr unsigned most_forwards = 4;

    // Routing: no waiting.
    Step route();
    /// Runs the filters of the route that was found.
    Step admit();
    Step answer_without_route();
    Step forward(std::string_view path);
    Step judge_cors(const CorsRules* rules);
    Step judge_version(const ApiVersions& versions);
    [[nodiscard]] const CorsRules* cors_of(const Route& route) const;
    void finish_early();

    // Bodies that filters have to see as a whole.
    Task<Step> read_body();
    [[nodiscard]] bool wants_whole(const http::Response& response) const;
    Result<void> decode_answer();

    // The call and its repetitions.
    Task<Step> guarded_call();
    void begin_call();
    /// False when the service has enough to do.
    [[nodiscard]] bool is_admitted();
    Step shed();
    [[nodiscard]] proxy::RequestBody::Limits body_limits() const;
    /// Picks an instance; null when it, or its address, has to be waited for.
    UpstreamPtr known_upstream();
    /// Waits for it; the value says nothing.
    Task<Result<proxy::Outcome>> found_upstream(UpstreamPtr& upstream);
    [[nodiscard]] bool is_balanced() const;
    [[nodiscard]] discovery::PickRequest wanted_instance();
    [[nodiscard]] Place place() const;
    proxy::Call make_call(const proxy::Upstream& upstream);
    /// `add-service-instance-cookie`: the service hears which of its instances was chosen.
    void tell_instance();
    void complete_head();
    /// Tells the balancer and the access log how a call went.
    void report(const Result<proxy::Outcome>& outcome);
    /// Neither breaker nor balancer shall hear of it.
    [[nodiscard]] bool says_nothing(const Error& error) const;
    [[nodiscard]] bool is_retryable() const;
    [[nodiscard]] bool may_retry() const;
    [[nodiscard]] bool has_tries() const;
    /// Sets the wait before it; false when budget or deadline have no room for another.
    [[nodiscard]] bool take_retry();
    [[nodiscard]] bool wants_retry(const Error& error);
    /// It has been asked for as often as it may be, in vain.
    [[nodiscard]] bool is_exhausted(const Result<proxy::Outcome>& outcome) const;
    Step settle(const Result<proxy::Outcome>& outcome);
    Step fail_over(const Error& error, std::string_view type);
    /// When this client stops waiting, which services are not told where it is only its patience that ends.
    [[nodiscard]] Deadline wait_until() const;

    // Answers that are kept.
    struct Caching {
        AnswerCache& cache;
        CacheSubject subject;
        CachedPtr kept = nullptr;  ///< what is there already, fresh or not
        /// Until then a fresh answer is waited for, where the kept one may be given instead.
        Deadline patience{};
        bool fetching = false;
        bool held = false;                                     ///< the body is put into the Response
        bool use_stale = false;                                ///< the service said 5xx
        std::optional<Flights::Leader> leader = std::nullopt;  ///< others wait for this one
    };

    Task<Step> cached_call();
    [[nodiscard]] CacheSubject cache_subject() const;
    /// What is there already: `HIT` or `STALE`.
    Step hit(std::string_view result);
    Step serve(const CachedAnswer& answer, std::string_view result);
    /// Has it fetched while this client gets what is there.
    void refresh(Flights::Leader leader);
    /// Who waits for what this one fetches has found out how it went, and need not try it one by one.
    void answer_waiters();
    [[nodiscard]] bool has_stale() const;
    Step serve_stale();
    /// The client has waited long enough for a fresh answer, and gets the stale one, if that still holds.
    [[nodiscard]] bool is_out_of_patience(const Result<proxy::Outcome>& outcome) const;
    Step stop_waiting();
    /// The answer does not fit into the cache: it will be asked for again, and passed on as it comes.
    [[nodiscard]] bool is_too_long(const Result<proxy::Outcome>& outcome) const;
    /// What comes from here on is not what the cache was asked for.
    void leave_cache();
    /// The fields of the answer without those that filters of this request had put there before.
    [[nodiscard]] http::HeaderBlock upstream_fields() const;
    std::optional<proxy::Verdict> cache_verdict(int status);
    std::optional<Step> settle_cache(const Result<proxy::Outcome>& outcome);

    // Kept answers that a request makes obsolete.
    [[nodiscard]] std::string outside_uri(std::string_view target) const;
    [[nodiscard]] std::string inside_uri(std::string_view target) const;
    [[nodiscard]] std::string inside_target() const;
    void invalidate(int status);
    void invalidate_reference(std::string_view reference, std::vector<std::string>& uris) const;

    // The answer.
    proxy::Verdict on_answer(http::Response& response) override;
    void on_switch() override;
    /// The service has done its part, which the breaker hears now: how long the client takes to read the
    /// rest, or stays in a WebSocket, is not the service's doing, and no other request shall wait for it.
    void praise();
    /// False when a filter could not do its part: the Response is an error then.
    bool run_after();
    void forget_answer();
    void write_error(int status, std::string_view message);
    [[nodiscard]] std::string error_json(int status, std::string_view message) const;
    void measure();

    /// In the access log, where there is one.
    void flag(std::string_view word);

    [[nodiscard]] TimePoint now() const;

    [[nodiscard]] const RoutePolicies& policies() const { return route_->policies(); }

    GatewayShared& shared_;
    http::Request& request_;
    http::Response& response_;
    std::shared_ptr<const LiveTable> live_;
    std::array<char, 24> id_;
    std::string resolved_path_;
    proxy::OutgoingPtr outgoing_;
    Exchange exchange_;
    std::optional<proxy::RequestBody> body_;

    const Route* route_ = nullptr;  // where it is now
    const Route* first_ = nullptr;  // where it came in: for meters
    const RouteMeans* means_ = nullptr;
    // Routes whose filters have run, the last one is inside.
    std::array<const Route*, most_forwards + 1> passed_{};
    std::size_t passes_ = 0;
    const CorsRules* cors_ = nullptr;
    std::optional<Caching> caching_;
    bool uncached_ = false;  // the cache has been asked

    // Of the present call.
    Deadline deadline_;  // what the service is told
    std::uint32_t attempt_ = 0;
    Duration backoff_{};
    bool retry_status_ = false;    // the answer was thrown away, to be asked for again
    bool breaker_status_ = false;  // ... because it counts as a failure
    bool held_ = false;            // the answer's body is held for the filters
    bool forwarded_told_ = false;  // the fields about the client are written
    bool deadline_told_ = false;   // the field about the time is this gateway's
    // Of the answer before the call; only a call that may be repeated has them.
    std::optional<http::HeaderBlock> kept_fields_;
    discovery::Lease lease_;
    std::vector<std::string> tried_;
    std::string balance_key_;
    resilience::CircuitBreaker::Permit permit_;
    resilience::AdaptiveLimiter::Call admitted_;  // until the head of the answer is there
    resilience::RetryBudget::Ticket budget_call_;
    resilience::RetryBudget::Ticket budget_retry_;
};

}  // namespace flotilla::gateway
