#pragma once
/// Calls other services by their names.
///
///     Remote remote(runtime, environment, balancer, {.telemetry = {.meters = &meters, .tracer = &tracer}});
///     auto orders = remote.client<OrderClient>();
///     FLT_CO_TRY(auto list, co_await orders.get_orders(user_id));
///
///     // or without a declaration:
///     const auto url = "lb://ORDER-SERVICE/order-service/" + user_id + "/orders";
///     FLT_CO_TRY(auto list, co_await remote.get<std::vector<Order>>(url));
///
/// From outside to inside a call goes through: fallback, cache, the guards (retry, circuit breaker, rate
/// limiter, time limit, bulkhead), then for each attempt: interceptors, log, balancer, the wire, log, error
/// decoder.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "flotilla/config/environment.hpp"
#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/remote/client_options.hpp"
#include "flotilla/remote/endpoint.hpp"
#include "flotilla/remote/guards.hpp"
#include "flotilla/remote/settings.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::resilience {
class HystrixMetrics;
}

namespace flotilla::remote {

/// What it points to outlives the Remote.
struct RemoteOptions {
    http::ClientConfig http{};  ///< pool and TLS; time limits are those of the client settings
    http::ClientTelemetry telemetry{};
    log::LogSystem* logs = nullptr;  ///< where exchanges are written
    /// Breakers and the like, and retry budgets, by name.
    resilience::Policies* policies = nullptr;
    /// Where fallbacks are counted.
    resilience::HystrixMetrics* hystrix = nullptr;
    GuardsFor guards{};  ///< instead of those of `policies`
    /// Told of a client that cannot be made; without it `client` throws std::invalid_argument.
    std::function<void(const Error&)> on_problem{};
};

struct RemoteCore;

namespace detail {

/// A declared client without its type.
struct Declaration {
    Target target;
    std::string type;    ///< `OrderClient`
    std::string logger;  ///< `shop.OrderClient`
    std::vector<Interceptor> interceptors;
    ErrorDecoder error_decoder;
    std::string url;
};

struct MethodDeclaration {
    std::string_view name;  ///< `getOrders`
    std::string signature;  ///< `(String)`
    http::Method method = http::Method::get;
    std::string_view pattern{};
    bool json = true;  ///< the answer is read as JSON
};

class Client;

}  // namespace detail

/// One per process or context, in main; outlives the clients that it makes. Everything named and intercepted
/// comes before the clients; calls are made on any loop of the runtime.
class Remote {
public:
    /// `balancer` outlives it.
    Remote(
        runtime::Runtime& runtime,
        config::Environment environment,
        discovery::LoadBalancer& balancer,
        RemoteOptions options = {}
    );
    ~Remote();
    Remote(const Remote&) = delete;
    Remote& operator=(const Remote&) = delete;

    /// Ends what runs beside the calls. Needed where a client keeps answers or hedges.
    Task<> stop();

    /// For every client.
    Remote& intercept(Interceptor interceptor);
    /// For the clients whose property `request-interceptors` has that name.
    Remote& interceptor(std::string name, Interceptor interceptor);
    /// For every client that has none of its own.
    Remote& decode_errors(ErrorDecoder decoder);
    /// For the clients whose property `error-decoder` is that name.
    Remote& error_decoder(std::string name, ErrorDecoder decoder);

    /// A client of a declared API, ready to be called: a value whose copies speak to the same service.
    template <reflect::Described Api>
    Api client(ClientOptions<Api> options = {}) {
        detail::Client& client = make_client({
            .target = Api::target,
            .type = http::detail::simple_type_name(typeid(Api).name()),
            .logger = logger_name(typeid(Api).name()),
            .interceptors = std::move(options.interceptors),
            .error_decoder = std::move(options.error_decoder),
            .url = std::move(options.url),
        });
        Api api;
        reflect::for_each_field<Api>([&]<class F>(F) {
            using Method = typename F::Type;
            auto& member = api.*F::pointer;
            member.bind(bind(
                client,
                {
                    .name = F::outside,
                    .signature = Method::signature(),
                    .method = Method::method,
                    .pattern = Method::pattern,
                    .json = Method::decodes_json,
                }
            ));
            if (options.fallback) member.fall_back_to(*options.fallback.*F::pointer);
        });
        return api;
    }

    /// The answer to `GET url`, read as T. A status that is no success is an error.
    ///
    /// `lb://NAME/…` and `http://NAME/…` are asked of an instance of that service; a host with a port or a
    /// dot is a machine.
    template <class T>
    Task<Reply<T>> get(std::string_view url) {
        return exchange<T>(OutgoingRequest::get(url));
    }

    template <class T, class In>
    Task<Reply<T>> post(std::string_view url, const In& body) {
        return exchange<T>(OutgoingRequest::post(url).json(body));
    }

    template <class T, class In>
    Task<Reply<T>> put(std::string_view url, const In& body) {
        return exchange<T>(OutgoingRequest::put(url).json(body));
    }

    Task<Reply<void>> delete_(std::string_view url) { return exchange<void>(OutgoingRequest::delete_(url)); }

    template <class T>
    Task<Reply<T>> exchange(OutgoingRequest request) {
        if constexpr (std::is_void_v<T>) {
            auto failed = co_await run(std::move(request), {});
            if (failed) co_return std::unexpected(std::move(*failed));
            co_return Reply<T>();
        } else {
            T value{};
            const detail::ResultSlot slot{&value, &detail::decode_into<T>};
            auto failed = co_await run(std::move(request), slot);
            if (failed) co_return std::unexpected(std::move(*failed));
            co_return std::move(value);
        }
    }

    /// The whole answer, whatever its status.
    Task<Reply<http::ClientResponse>> send(OutgoingRequest request);

    [[nodiscard]] http::Client& http() noexcept;

private:
    detail::Client& make_client(detail::Declaration declaration);
    const BoundMethod& bind(detail::Client& client, detail::MethodDeclaration declaration);
    Task<std::optional<CallError>> run(OutgoingRequest request, detail::ResultSlot slot);
    /// `shop.OrderClient` of a mangled `shop::OrderClient`.
    static std::string logger_name(const char* mangled);

    std::unique_ptr<RemoteCore> core_;
};

}  // namespace flotilla::remote
