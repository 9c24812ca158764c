#include "flotilla/shop/order/order_service.hpp"

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/service/service.hpp"
#include "flotilla/shop/commons.hpp"
#include "flotilla/shop/order/order_api.hpp"
#include "flotilla/shop/order/remote_catalog.hpp"
#include "flotilla/shop/order/schema.hpp"
#include "flotilla/shop/order/shared_lookup.hpp"

namespace flotilla::shop::order {

namespace {

using namespace std::chrono_literals;

service::ServiceOptions options(int argc, const char* const* argv) {
    const std::string client = "spring.cloud.openfeign.client.config.catalog-service.";
    const std::string breaker = "resilience4j.circuitbreaker.instances.catalog.";
    const std::string bulkhead = "resilience4j.bulkhead.instances.catalog.";
    auto made = service::ServiceOptions::of_program("order-service", argc, argv);
    made.defaults = {
        {"server.port", 0},
        {"eureka.instance.instance-id", default_instance_id()},
        {"spring.datasource.url", "sqlite:data/orderdb.sqlite"},
        {"management.tracing.sampling.probability", 1.0},
        // To look for orders is no trace; what is found is one.
        {"spring.sleuth.scheduled.skip-pattern", R"(Orders\..*)"},
        {"management.endpoints.web.exposure.include",
         "health,httpexchanges,info,metrics,prometheus,refresh,circuitbreakers"},
        {client + "connect-timeout", "500ms"},
        {client + "read-timeout", "2s"},
        {client + "timeout", "2s"},
        {client + "circuit-breaker", "catalog"},
        // A slash in a product id is no part of the path.
        {"spring.cloud.openfeign.client.decode-slash", false},
        {breaker + "failure-rate-threshold", 50},
        {breaker + "sliding-window-size", 20},
        {breaker + "minimum-number-of-calls", 10},
        {breaker + "wait-duration-in-open-state", "5s"},
        {breaker + "permitted-number-of-calls-in-half-open-state", 3},
        {breaker + "ignore-exceptions", "http.4xx"},
        {"resilience4j.timelimiter.instances.catalog.timeout-duration", "2s"},
        {bulkhead + "max-concurrent-calls", 25},
        {bulkhead + "max-wait-duration", "1s"},
    };
    return made;
}

/// In the course the client names the price, unless somebody wants it otherwise.
OrderConfig config_of(Service& service, Profile profile) {
    auto config = service.bind<OrderConfig>("shop.order");
    if (profile == Profile::course && !service.environment().contains("shop.order.price-policy"))
        config.price_policy = PricePolicy::client;
    return config;
}

}  // namespace

int run_order(int argc, const char* const* argv) {
    Service service(options(argc, argv));
    const Clock& clock = service.runtime().clock();
    auto source_config = service.bind<sql::DataSourceConfig>("spring.datasource");
    const auto commons = Commons::of(service, &FaultConfig::order);
    const auto config = config_of(service, commons ? commons->profile : Profile::flotilla);
    if (!commons) return service.run();

    const std::string instance = instance_id_of(service.environment());
    const sql::Telemetry telemetry = database_telemetry(service, "order.db");
    DataSource source(service.runtime(), std::move(source_config), telemetry, migrations());
    OrderRepository orders(source);
    const OrderMeters meters(service.meters());
    RemoteCatalog catalog(
        service.remote().client<CatalogClient>(), *commons->tokens, service.logger("order.catalog")
    );
    SharedLookup products(catalog);
    OrderDesk desk({
        .orders = orders,
        .stock = catalog,
        .products = products,
        .meters = meters,
        .clock = clock,
        .tracer = service.tracer(),
        .log = service.logger("order"),
        .config = config,
        .profile = commons->profile,
        .instance_id = instance,
    });
    OrderApi api({
        .desk = desk,
        .orders = orders,
        .tokens = *commons->tokens,
        .faults = *commons->faults,
        .clock = clock,
        .log = service.logger("order"),
        .profile = commons->profile,
        .longest_wait = config.longest_wait,
        .endpoint = [&service] { return service.endpoint(); },
    });
    api.mount(service.router());
    sign_answers(service.router(), instance);
    service.actuator().health().add_coroutine("db", [&source] { return source.health(); });
    service.on_start([&source] { return source.open(); });
    service.on_stop([&source] { source.close(); });
    service.after_each(config.sweep_interval, "Orders.sweep", [&desk] { return desk.sweep(); });
    service.every(10min, "Orders.forgetKeys", [&desk] { return desk.forget_keys(); });
    return service.run();
}

}  // namespace flotilla::shop::order
