#pragma once
/// The orders of a user, asked of order-service behind a circuit breaker: when they cannot be had there are
/// none, and it is said that they are unknown.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/config/environment.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/resilience/policies.hpp"
#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/shop/user/order_client.hpp"
#include "flotilla/shop/user/orders_url.hpp"
#include "flotilla/shop/user/user_config.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::shop::user {

struct UserOrders {
    std::vector<OrderLine> lines;
    bool known = true;  ///< false: order-service did not tell
};

/// What it stands on; all of it outlives it.
struct UserOrdersMeans {
    config::Environment environment;
    remote::Remote& remote;
    resilience::Policies& policies;
    tracing::Tracer& tracer;
    metrics::Registry& meters;
    const Clock& clock;
    log::Logger log;
    Profile profile = Profile::flotilla;
};

/// Called on any loop.
class UserOrdersClient {
public:
    /// The breaker's name, unless the client's property `circuit-breaker` has another.
    static constexpr std::string_view default_breaker = "circuitbreaker";

    /// Fails for settings that make no sense. Before the service runs.
    static Result<std::unique_ptr<UserOrdersClient>> make(UserOrdersMeans means);

    UserOrdersClient(const UserOrdersClient&) = delete;
    UserOrdersClient& operator=(const UserOrdersClient&) = delete;

    /// `authorization` is the caller's, sent along; empty for none. A problem only while the breaker is
    /// DISABLED: then what order-service says is passed on, as in the course before it has a breaker.
    [[nodiscard]] Task<Outcome<UserOrders>> of(std::string user_id, std::string authorization) const;

    /// `shop.isolate.order-service`: nobody is asked.
    [[nodiscard]] bool isolated() const noexcept { return isolated_.load(std::memory_order_relaxed); }

private:
    using Lines = std::vector<OrderLine>;
    using Asked = remote::Reply<Lines>;

    explicit UserOrdersClient(UserOrdersMeans means);

    Result<void> read_settings();
    Result<void> read_isolation();
    Task<Asked> ask(std::string user_id, std::string authorization) const;
    [[nodiscard]] Task<Asked> declared_call(const std::string& user_id, const std::string& authorization)
        const;
    [[nodiscard]] Task<Asked> plain_call(const std::string& user_id, const std::string& authorization) const;
    Outcome<UserOrders> without(const remote::CallError& why) const;

    UserOrdersMeans means_;
    ClientStyle style_ = ClientStyle::feign;
    std::optional<OrdersUrl> url_;
    std::string path_;  ///< of the declared client, when it is not the usual one
    OrderServiceClient client_;
    const resilience::CircuitBreaker* breaker_ = nullptr;
    metrics::Counter fallbacks_;
    metrics::Gauge isolation_;
    std::atomic<bool> isolated_{false};
    config::Subscription subscription_;
};

/// The course's: 404 says that there are no orders; 400 is a mistake of ours.
remote::ErrorDecoder order_error_decoder(config::Environment environment);

}  // namespace flotilla::shop::user
