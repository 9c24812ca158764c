#pragma once
// A client and its methods: everything about a call that is the same each time.

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exchange_log.hpp"
#include "flights.hpp"
#include "flotilla/discovery/cluster.hpp"
#include "flotilla/metrics/meters.hpp"
#include "flotilla/remote/http_cache.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/resilience/retry_budget.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "latency_window.hpp"
#include "retry_plan.hpp"

namespace flotilla::remote {

struct RemoteCore;

namespace detail {

/// What a call leaves of its caller's deadline, for the way back.
inline constexpr Duration deadline_margin = std::chrono::milliseconds(5);

/// What a client is made of.
struct ClientSpec {
    std::string service;  ///< empty: a machine, named by the base
    std::string context_id;
    std::string type;
    std::string logger;
    std::string base{};  ///< `http://order-service`, or a fixed address
    std::string path{};
    ClientSettings settings;
    std::vector<Interceptor> interceptors{};
    ErrorDecoder error_decoder{};
};

/// How one call is made: by the pieces of this class, each a coroutine around the next.
class Method final : public BoundMethod {
public:
    using Timeout = std::optional<std::chrono::milliseconds>;
    using Failure = std::optional<CallError>;

    Method(Client& client, const MethodDeclaration& declaration);

    [[nodiscard]] OutgoingRequest begin(const CallOptions& options) const override;
    Task<Failure> run(OutgoingRequest request, ResultSlot slot, Timeout timeout) const override;
    void fell_back(bool succeeded) const noexcept override;
    [[nodiscard]] bool escapes_slash() const noexcept override;

    /// The same, with the answer itself where one came.
    Task<Failure> run_raw(OutgoingRequest request, std::optional<http::ClientResponse>& answer) const;

    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    /// One call on its way.
    struct Call {
        ResultSlot slot{};
        Deadline deadline{};
        /// Where the answer is kept, instead of being read; 304 is an answer then.
        std::optional<http::ClientResponse>* raw = nullptr;
        /// The id of the instance that was picked last, for who wants to know; and of one to be avoided.
        std::string* picked = nullptr;
        std::string_view avoid{};
    };

    /// What an attempt goes to.
    struct Place {
        discovery::Lease lease{};
        std::string_view base{};  ///< of a machine

        [[nodiscard]] const discovery::ServiceInstance* instance() const noexcept {
            return lease ? &lease.instance() : nullptr;
        }
    };

    void finish_request(OutgoingRequest& request) const;
    [[nodiscard]] Deadline deadline_of(Timeout timeout) const noexcept;

    Task<Failure> cached(OutgoingRequest request, Call call) const;
    Failure serve(const StoredAnswer& stored, const OutgoingRequest& request, Call call) const;
    Task<> refresh(OutgoingRequest request, CachePlan plan, Flights::Leader leader) const;
    Task<Failure> fetch(OutgoingRequest request, CachePlan plan, Call call) const;

    Task<Failure> guarded(OutgoingRequest request, Call call) const;
    Task<Failure> inside_breaker(OutgoingRequest request, Call call) const;

    /// `attempts`, hedged where that is wanted.
    Task<Failure> innermost(OutgoingRequest request, Call call) const;
    Task<Failure> hedged(OutgoingRequest request, Call call) const;
    struct Race;
    Task<bool> race(Race& race, runtime::TaskScope& scope) const;
    Task<> run_one(Race& race, std::size_t lane) const;

    Task<Failure> attempts(OutgoingRequest request, Call call) const;
    [[nodiscard]] RetryPlan plan_for(const OutgoingRequest& request) const noexcept;
    [[nodiscard]] http::ClientRequest wire_request(
        const OutgoingRequest& request, const Place& place, Duration left
    ) const;

    /// Reads the answer into the slot; the error when it says no or cannot be read.
    Failure conclude(const OutgoingRequest& request, http::ClientResponse& response, Call& call) const;
    [[nodiscard]] CallError status_error(const OutgoingRequest& request, const http::ClientResponse& response)
        const;
    [[nodiscard]] CallError wire_error(const Error& error) const;
    [[nodiscard]] CallError too_late(bool callers_deadline) const;

    Client& client_;
    RemoteCore& core_;
    const std::string name_;  // `getOrders`
    const std::string key_;   // `OrderClient#getOrders(String)`
    const std::string method_;
    const std::string template_;  // with the client's path
    const bool json_;
    const ExchangeLog log_;
    const std::string guard_id_;
    const Guards guards_;
    const bool wrapped_;  // there is more around an attempt than the attempts
    metrics::Counter fallbacks_succeeded_;
    metrics::Counter fallbacks_failed_;
    metrics::Counter hedges_;
};

class Client {
public:
    Client(RemoteCore& core, ClientSpec spec);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Method& add(const MethodDeclaration& declaration);

    RemoteCore& core;
    const ClientSpec spec;
    discovery::Cluster* const cluster;  ///< null for a machine
    resilience::RetryBudget& budget;
    std::unique_ptr<HttpCache> cache;
    Flights flights;
    LatencyWindow latencies;  ///< of hedged clients
    std::array<metrics::Counter, 5> cache_results;
    std::deque<Method> methods;
    Method* plain = nullptr;  ///< for calls without a declaration
};

}  // namespace detail

}  // namespace flotilla::remote
