#include "flotilla/shop/catalog/catalog_service.hpp"

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/service/service.hpp"
#include "flotilla/shop/catalog/catalog_api.hpp"
#include "flotilla/shop/catalog/catalog_config.hpp"
#include "flotilla/shop/catalog/schema.hpp"
#include "flotilla/shop/commons.hpp"

namespace flotilla::shop::catalog {

namespace {

service::ServiceOptions options(int argc, const char* const* argv) {
    auto made = service::ServiceOptions::of_program("catalog-service", argc, argv);
    made.defaults = {
        {"server.port", 0},
        {"eureka.instance.instance-id", default_instance_id()},
        {"spring.datasource.url", "sqlite:data/catalogdb.sqlite"},
        {"management.tracing.sampling.probability", 1.0},
        {"spring.sleuth.scheduled.skip-pattern", "Catalog.measure"},
        {"management.endpoints.web.exposure.include", "health,info,metrics,prometheus,refresh"},
    };
    return made;
}

/// The database and what reads and writes it.
struct Catalog {
    Catalog(
        Service& service,
        sql::DataSourceConfig source_config,
        const Clock& clock,
        Profile profile,
        const CacheConfig& cache
    )
        : source(
              service.runtime(),
              std::move(source_config),
              database_telemetry(service, "catalog.db"),
              migrations(profile)
          ),
          repository(source, clock),
          kept(cache, clock, service.meters()),
          meters(service.meters()) {}

    Task<Result<void>> open(std::string data_set_name) {
        FLT_CO_CHECK(co_await source.open());
        if (const auto products = data_set(data_set_name)) FLT_CO_CHECK(co_await repository.seed(*products));
        co_return co_await measure();
    }

    /// Tells the meters what is in stock.
    Task<Result<void>> measure() {
        FLT_CO_TRY(const auto page, co_await repository.page(largest_page_limit));
        std::vector<metrics::MultiGauge::Row> rows;
        for (const Product& product : page.products) {
            rows.push_back({{{"product", product.product_id}}, static_cast<double>(product.stock)});
            if (product.stock < 0) meters.oversell.increment();
        }
        meters.stock.set(std::move(rows));
        co_return Result<void>();
    }

    DataSource source;
    CatalogRepository repository;
    KeptAnswers kept;
    CatalogMeters meters;
};

}  // namespace

int run_catalog(int argc, const char* const* argv) {
    Service service(options(argc, argv));
    const Clock& clock = service.runtime().clock();
    const auto config = service.bind<CatalogConfig>("shop.catalog");
    const auto cache = service.bind<CacheConfig>("shop.cache");
    auto source_config = service.bind<sql::DataSourceConfig>("spring.datasource");
    const auto commons = Commons::of(service, &FaultConfig::catalog);
    if (!commons) return service.run();

    Catalog catalog(service, std::move(source_config), clock, commons->profile, cache);
    CatalogApi api({
        .repository = catalog.repository,
        .kept = catalog.kept,
        .tokens = *commons->tokens,
        .faults = *commons->faults,
        .meters = catalog.meters,
        .clock = clock,
        .log = service.logger("catalog"),
        .profile = commons->profile,
        .endpoint = [&service] { return service.endpoint(); },
    });
    api.mount(service.router());
    sign_answers(service.router(), instance_id_of(service.environment()));
    service.actuator().health().add_coroutine("db", [&catalog] { return catalog.source.health(); });
    service.on_start([&catalog, &config] { return catalog.open(config.data_set); });
    service.on_stop([&catalog] { catalog.source.close(); });
    service.every(config.meter_interval, "Catalog.measure", [&catalog] { return catalog.measure(); });
    return service.run();
}

}  // namespace flotilla::shop::catalog
