#pragma once
// A catalog on a database of its own, and requests to it without a network.

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/catalog/catalog_api.hpp"
#include "flotilla/shop/catalog/schema.hpp"
#include "request_builder.hpp"
#include "run_on_loop.hpp"
#include "temporary_database.hpp"

namespace flotilla::shop::catalog {

using reflect::Json;

struct CatalogFixture {
    explicit CatalogFixture(runtime::Runtime& runtime, Profile profile = Profile::flotilla)
        : source(runtime, source_of(folder.url("catalog")), {}, migrations(profile)),
          repository(source, clock),
          kept({}, clock, registry),
          environment(config::Environment::of({{"token.secret", "s3cret"}})),
          tokens(Tokens::load(environment, clock, log.logger("tokens")).value()),
          faults(Faults::load(environment, &FaultConfig::catalog, log.logger("faults")).value()),
          meters(registry),
          api({
              .repository = repository,
              .kept = kept,
              .tokens = *tokens,
              .faults = *faults,
              .meters = meters,
              .clock = clock,
              .log = log.logger("catalog"),
              .profile = profile,
              .endpoint = [] { return runtime::Endpoint::parse("127.0.0.1", 20000).value(); },
          }) {
        api.mount(router);
    }

    Task<> open() {
        const auto opened = co_await source.open();
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
        const auto products = data_set("default").value();
        const auto seeded = co_await repository.seed(products);
        EXPECT_TRUE(seeded) << (seeded ? "" : seeded.error().message());
    }

    using Fields = http::RequestBuilder::Fields;

    Task<http::Response> send(std::string what, Fields fields = {}, std::string body = {}) {
        if (!body.empty()) fields.emplace_back("Content-Type", "application/json");
        return http::drive(router, std::move(what), std::move(fields), std::move(body));
    }

    /// The same with the token of a role.
    Task<http::Response> send_as(
        std::string_view role, std::string what, std::string body = {}, Fields fields = {}
    ) {
        const std::vector<std::string> roles{std::string(role)};
        authorization = "Bearer " + tokens->keys()->issue("somebody", std::chrono::hours(1), roles).value();
        fields.emplace_back("Authorization", authorization);
        return send(std::move(what), std::move(fields), std::move(body));
    }

    Task<std::int64_t> stock(std::string product_id = "CATALOG-001") {
        const auto product = co_await repository.find(std::move(product_id));
        co_return product && *product ? (*product)->stock : -1;
    }

    DatabaseFolder folder;
    ManualClock clock;
    log::CapturedLog log;
    DataSource source;
    CatalogRepository repository;
    metrics::Registry registry;
    KeptAnswers kept;
    config::Environment environment;
    std::unique_ptr<Tokens> tokens;
    std::unique_ptr<Faults> faults;
    CatalogMeters meters;
    CatalogApi api;
    http::Router router;
    std::string authorization;
};

/// A body of a test with an open catalog.
inline void with_catalog(std::function<Task<>(CatalogFixture&)> body, Profile profile = Profile::flotilla) {
    struct Run {
        static Task<> whole(
            runtime::Runtime& runtime, std::function<Task<>(CatalogFixture&)> test, Profile as
        ) {
            const auto fixture = std::make_unique<CatalogFixture>(runtime, as);
            co_await fixture->open();
            co_await test(*fixture);
            fixture->source.close();
        }
    };

    test_support::run_on_loop([&](runtime::Runtime& runtime) { return Run::whole(runtime, body, profile); });
}

inline Json json_of(const http::Response& response) {
    return reflect::parse_json(response.text().value_or("")).value_or(Json());
}

inline std::string status_and_code(const http::Response& response) {
    const Json body = json_of(response);
    const auto code = body["code"].string_or("");
    return std::to_string(http::code_of(response.status())) + (code.empty() ? "" : " " + std::string(code));
}

}  // namespace flotilla::shop::catalog
