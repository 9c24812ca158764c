#include "flotilla/shop/user/user_orders.hpp"

#include <algorithm>
#include <utility>

#include "flotilla/http/error.hpp"
#include "flotilla/resilience/circuit_breaker.hpp"

namespace flotilla::shop::user {

namespace {

constexpr std::string_view service_name = "order-service";
constexpr std::string_view isolation_flag = "shop.isolate.order-service";
constexpr const char* usual_path = "/order-service/{userId}/orders";
constexpr const char* balanced_url = "http://ORDER-SERVICE/order-service/%s/orders";
constexpr const char* gateway_url = "http://127.0.0.1:8000/order-service/%s/orders";

/// A user's detail shows so many, the newest first. The course asks for all there are.
constexpr int newest_orders = 100;
constexpr const char* newest_first = "newest";

std::string breaker_name(const config::Environment& environment) {
    const std::string clients = "spring.cloud.openfeign.client.config.";
    if (auto own = environment.get(clients + "order-service.circuit-breaker")) return *own;
    return environment.get_or(clients + "default.circuit-breaker", UserOrdersClient::default_breaker);
}

std::string_view state_text(resilience::BreakerState state) noexcept {
    return reflect::enum_text(state);
}

}  // namespace

remote::ErrorDecoder order_error_decoder(config::Environment environment) {
    return [environment = std::move(environment)](const remote::ErrorAnswer& answer
           ) -> std::optional<remote::CallError> {
        const int status = answer.response.status();
        if (status != http::code_of(http::Status::not_found)) return std::nullopt;
        Error empty(
            http::make_error_code(http::Status::not_found),
            environment.get_or("order_service.exception.orders_is_empty", "")
        );
        remote::CallError decoded(remote::ErrorKind::status, std::move(empty));
        decoded.answered(status, std::string(answer.response.body()), std::nullopt);
        return decoded;
    };
}

UserOrdersClient::UserOrdersClient(UserOrdersMeans means)
    : means_(std::move(means)),
      fallbacks_(means_.meters.counter(
          "shop.fallback", {{"client", service_name}}, {.description = "Answers without what was asked for"}
      )),
      isolation_(means_.meters.gauge(
          "shop.isolated", {{"client", service_name}}, {.description = "1: it is not asked, by a flag"}
      )) {}

Result<std::unique_ptr<UserOrdersClient>> UserOrdersClient::make(UserOrdersMeans means) {
    std::unique_ptr<UserOrdersClient> made(new UserOrdersClient(std::move(means)));
    FLT_CHECK(made->read_settings());
    FLT_CHECK(made->read_isolation());
    UserOrdersMeans& own = made->means_;
    // A Remote's own decoder is that of calls by URL too.
    own.remote.decode_errors(order_error_decoder(own.environment));
    made->client_ = own.remote.client<OrderServiceClient>();
    made->breaker_ = &own.policies.circuit_breakers().get(breaker_name(own.environment));
    made->subscription_ = own.environment.subscribe([self = made.get()](const auto& changed) {
        if (!changed.contains(std::string(isolation_flag))) return;
        if (const auto read = self->read_isolation(); read)
            self->means_.log.warn("order-service is {}", self->isolated() ? "isolated" : "asked again");
        else
            self->means_.log.error("{}", read.error().message());
    });
    return made;
}

Result<void> UserOrdersClient::read_settings() {
    const config::Environment& environment = means_.environment;
    FLT_TRY(style_, environment.get<ClientStyle>("shop.client", ClientStyle::feign));
    const auto configured = environment.get("order_service.url");
    const char* usual = style_ == ClientStyle::resttemplate_url ? gateway_url : balanced_url;
    FLT_TRY(auto url, OrdersUrl::of(configured.value_or(usual)));
    if (const auto& corrected = url.corrected_host(); !corrected.empty())
        means_.log.warn("order_service.url: host names have no underscores; it should be {}", corrected);
    url_ = std::move(url);
    const std::string path = environment.get_or("shop.client.orders-path", usual_path);
    FLT_CHECK(orders_path(path, ""));
    if (path != usual_path) path_ = path;
    return {};
}

Result<void> UserOrdersClient::read_isolation() {
    FLT_TRY(const bool isolated, means_.environment.get<bool>(isolation_flag, false));
    isolated_.store(isolated);
    isolation_.set(isolated ? 1 : 0);
    return {};
}

Task<Outcome<UserOrders>> UserOrdersClient::of(std::string user_id, std::string authorization) const {
    if (isolated()) {
        fallbacks_.increment();
        co_return UserOrders{.lines = {}, .known = false};
    }
    tracing::Span span = means_.tracer.start_local("circuitbreaker");
    const tracing::Scope scope(span);
    means_.log.info("Before call orders microservice");
    Asked asked = co_await ask(std::move(user_id), std::move(authorization));
    means_.log.info("After called orders microservice");
    if (asked && !plausible(*asked))
        asked = std::unexpected(remote::CallError(remote::ErrorKind::decode, "these are no orders"));
    if (asked) co_return UserOrders{.lines = *std::move(asked)};

    const auto state = breaker_->state();
    span.error(asked.error().message());
    span.tag("circuitbreaker.state", state_text(state));
    if (asked.error().kind() == remote::ErrorKind::not_permitted)
        span.tag("circuitbreaker.permitted", "false");
    co_return without(asked.error());
}

Task<UserOrdersClient::Asked> UserOrdersClient::ask(std::string user_id, std::string authorization) const {
    Task<Asked> call = style_ == ClientStyle::feign ? declared_call(user_id, authorization)
                                                    : plain_call(user_id, authorization);
    co_return co_await std::move(call);
}

Task<UserOrdersClient::Asked> UserOrdersClient::declared_call(
    const std::string& user_id, const std::string& authorization
) const {
    std::optional<std::string> sort;
    std::optional<int> limit;
    if (means_.profile == Profile::flotilla) {
        sort = newest_first;
        limit = newest_orders;
    }
    const auto call = [&](const auto& method, const std::string& at) {
        if (authorization.empty()) return method(at, sort, limit);
        return method.header("Authorization", authorization)(at, sort, limit);
    };
    if (path_.empty()) return call(client_.get_orders, user_id);
    return call(client_.get_orders_at, orders_path(path_, user_id).value());
}

Task<UserOrdersClient::Asked> UserOrdersClient::plain_call(
    const std::string& user_id, const std::string& authorization
) const {
    auto request = remote::OutgoingRequest::get(url_->of_user(user_id));
    request.header("Accept", "application/json");
    if (!authorization.empty()) request.header("Authorization", authorization);
    if (means_.profile == Profile::flotilla) {
        request.query("sort", newest_first);
        request.query("limit", std::to_string(newest_orders));
    }
    return means_.remote.exchange<Lines>(std::move(request));
}

Outcome<UserOrders> UserOrdersClient::without(const remote::CallError& why) const {
    // The client went away: nobody is told.
    if (why.kind() == remote::ErrorKind::cancelled)
        return refuse(http::Status::service_unavailable, "CANCELLED");
    const bool breaker_is_off = breaker_->state() == resilience::BreakerState::disabled;
    // A full bulkhead is not order-service's failure, so there is nothing to pass on.
    if (!breaker_is_off || why.kind() == remote::ErrorKind::rejected) {
        fallbacks_.increment();
        means_.log.warn("orders are unknown ({}): {}", to_text(why.kind()), why.message());
        return UserOrders{.lines = {}, .known = false};
    }
    means_.log.error("order-service ({}): {}", to_text(why.kind()), why.message());
    if (why.status() == http::code_of(http::Status::not_found))
        return refuse(http::Status::not_found, "NO_ORDERS", why.message());
    std::string reason(why.status() != 0 ? http::reason_phrase(why.status()) : to_text(why.kind()));
    return refuse(http::Status::internal_server_error, "ORDER_SERVICE_FAILED", std::move(reason));
}

}  // namespace flotilla::shop::user
