#pragma once
// Stale answers are fetched anew behind the backs of those who got them (RFC 5861, stale-while-revalidate).

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "flights.hpp"
#include "flotilla/gateway/answer_cache.hpp"
#include "flotilla/gateway/route.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/http/header_block.hpp"
#include "flotilla/proxy/outgoing.hpp"
#include "flotilla/proxy/proxy_config.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/service/service.hpp"

namespace flotilla::gateway {

/// All errands run on the first loop; a bounded number at a time.
class Refresher {
public:
    /// What one request would have asked, and where the answer goes.
    struct Errand {
        std::shared_ptr<AnswerCache> cache;
        CacheSubject subject;
        RouteTarget target;
        std::string path;  ///< with the query
        std::string host;  ///< the Host field; empty: the upstream's own
        http::HeaderBlock fields;
        std::chrono::milliseconds limit{0};  ///< how long the service may take
        Flights::Leader leader;              ///< nobody else fetches it meanwhile
    };

    /// What it is given outlives it.
    Refresher(Service& service, const proxy::ProxyConfig& config, const proxy::HopByHop& hop_by_hop);
    ~Refresher();
    Refresher(const Refresher&) = delete;
    Refresher& operator=(const Refresher&) = delete;

    /// From any loop, without waiting. What fails leaves the stale answer where it is.
    void send(Errand errand);

    /// On the first loop, after the last `send`.
    Task<> stop();

private:
    Task<> run(std::shared_ptr<Errand> errand);
    Task<> fetch(Errand& errand);

    Service& service_;
    http::Client client_;
    const proxy::HopByHop& hop_by_hop_;
    std::optional<runtime::TaskScope> scope_;  // on the first loop, from the first errand on
    bool stopped_ = false;
};

}  // namespace flotilla::gateway
