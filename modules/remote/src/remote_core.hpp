#pragma once
// What all clients of a Remote share, and the clients.

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "balancer_meters.hpp"
#include "client.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/resilience/retry_budget.hpp"
#include "flotilla/runtime/task_scope.hpp"

namespace flotilla::remote {

struct RemoteCore {
    RemoteCore(
        runtime::Runtime& runtime_,
        config::Environment environment_,
        discovery::LoadBalancer& balancer_,
        RemoteOptions options_
    );

    void problem(const Error& error) const;

    /// The client for calls without a declaration: one for each service, one for all machines.
    detail::Client& plain_client(std::string_view service);
    detail::Client& add(detail::ClientSpec spec);

    /// One for each service, whoever calls it.
    resilience::RetryBudget& budget(std::string_view service);

    /// Of the loop that runs on this thread.
    runtime::TaskScope& scope();

    runtime::Runtime& runtime;
    const Clock& clock;
    config::Environment environment;
    discovery::LoadBalancer& balancer;
    const RemoteOptions options;
    SharedSettings shared;
    GuardsFor guards;
    http::Client http;
    BalancerMeters meters;

    std::vector<Interceptor> interceptors;
    std::map<std::string, Interceptor, std::less<>> named_interceptors;
    ErrorDecoder error_decoder;
    std::map<std::string, ErrorDecoder, std::less<>> named_error_decoders;

    std::vector<std::unique_ptr<runtime::TaskScope>> scopes;  // one for each loop, touched there alone

    std::mutex mutex;  // guards what follows
    std::deque<detail::Client> clients;
    std::map<std::string, detail::Client*, std::less<>> plain;
    std::map<std::string, detail::Client*, std::less<>> by_context;
    std::map<std::string, std::unique_ptr<resilience::RetryBudget>, std::less<>> budgets;  // without policies
};

/// Whether the host of a URL is the name of a service: after `lb://`, or without port and dot.
bool names_a_service(const http::Url& url) noexcept;

}  // namespace flotilla::remote
