// The whole gateway on real sockets, asked by many at once from two loops while its routes change: what the
// sanitizers should see. What goes over the wire is tested in tests/wire.

#include "flotilla/gateway/gateway_server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "flotilla/gateway/preset_routes.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/reflect/leaves.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "quiet_service.hpp"
#include "shot.hpp"

namespace flotilla::gateway {
namespace {

using namespace std::chrono_literals;
using http::ClientRequest;

constexpr int workers = 4;
constexpr int rounds = 25;

service::ServiceOptions quiet() {
    return test_support::quietly(
        gateway_options("gateway", 0, nullptr),
        {"--eureka.client.enabled=false", "--flotilla.runtime.loops=2"}
    );
}

/// A server behind the gateway, on the same loops, and clients in front of it.
class Crowd {
public:
    Crowd(Service& service, GatewayServer& gateway)
        : service_(service), gateway_(gateway), upstream_(service.runtime(), on_free_port(), router_) {
        router_.get("/hello", [] { return std::string("hello"); });
        router_.post("/hello", [] { return std::string("changed"); });
        router_.get("/broken", []() -> Result<std::string> {
            return http::fail(http::Status::internal_server_error);
        });
        router_.post("/echo", [](const http::Request& request) { return std::string(request.body()); });
    }

    Task<> on_readiness(bool ready) {
        if (!ready) co_return;
        const auto endpoint = co_await upstream_.start();
        EXPECT_TRUE(endpoint);
        upstream_port_ = endpoint->port();
        change_routes("a");
        base_ = "http://" + service_.endpoint().text();
        client_ = std::make_unique<http::Client>(service_.runtime());
        runtime::TaskScope scope(service_.runtime().loop(0));
        for (int i = 0; i < workers; ++i) scope.spawn("worker", somewhere(i));
        co_await scope.drain(Deadline::after(service_.runtime().clock().now(), 60s));
        client_.reset();
        (void)co_await upstream_.stop(Deadline::after(service_.runtime().clock().now(), 1s));
        service_.stop();
    }

    int done = 0;

private:
    static http::ServerConfig on_free_port() {
        http::ServerConfig config;
        config.port = 0;
        config.address = "127.0.0.1";
        return config;
    }

    void change_routes(std::string_view header) {
        const auto route = [&](std::string_view id, std::string_view path, std::string_view filter) {
            return Json::object(
                {{"id", id},
                 {"uri", fmt::format("http://127.0.0.1:{}", upstream_port_)},
                 {"predicates", Json::array({fmt::format("Path={}", path)})},
                 {"filters",
                  Json::array(
                      {"StripPrefix=1", filter, fmt::format("AddResponseHeader=X-Version, {}", header)}
                  )}}
            );
        };
        const Json routes = Json::object(
            {{"routes",
              Json::array(
                  {route("plain", "/plain/**", "SecureHeaders"),
                   route("retry", "/retry/**", "Retry=1"),
                   route("guarded", "/guarded/**", "CircuitBreaker=guard"),
                   route("kept", "/kept/**", "LocalResponseCache=1m")}
              )}}
        );
        std::vector<std::pair<std::string, Json>> properties;
        for (const reflect::Leaf& leaf : reflect::value_leaves(routes))
            properties.emplace_back("spring.cloud.gateway." + leaf.key, reflect::leaf_value(leaf));
        EXPECT_TRUE(service_.environment().set_at_run_time(properties));
        EXPECT_TRUE(gateway_.reload());
    }

    Task<> somewhere(int number) {
        const std::function<Task<int>()> work = [this, number] { return ask(number); };
        done += co_await service_.runtime().on(
            service_.runtime().loop(static_cast<std::size_t>(number) % service_.runtime().size()), work
        );
    }

    Task<int> ask(int number) {
        int good = 0;
        for (int i = 0; i < rounds; ++i) {
            if (number == 0) change_routes(std::to_string(i));
            good += co_await status_of("/plain/hello") == 200 ? 1 : 0;
            good += co_await status_of("/retry/broken") == 500 ? 1 : 0;
            good += co_await status_of("/guarded/hello") == 200 ? 1 : 0;
            good += co_await status_of("/nowhere") == 404 ? 1 : 0;
            // Kept by one, forgotten by another.
            good += co_await status_of("/kept/hello") == 200 ? 1 : 0;
            good += co_await status_of("/kept/hello", "POST") == 200 ? 1 : 0;
        }
        co_return good;
    }

    Task<int> status_of(std::string path, std::string_view method = "GET") {
        ClientRequest request(method, base_ + path);
        const auto answer = co_await client_->send(std::move(request));
        EXPECT_TRUE(answer) << (answer ? "" : answer.error().message());
        co_return answer ? answer->status() : 0;
    }

    Service& service_;
    GatewayServer& gateway_;
    http::Router router_;
    http::Server upstream_;
    std::uint16_t upstream_port_ = 0;
    std::string base_;
    std::unique_ptr<http::Client> client_;
};

TEST(GatewayServer, ServesManyWhileItsRoutesChange) {
    Service service(quiet());
    GatewayServer gateway(service);
    Crowd crowd(service, gateway);
    service.on_readiness([&](bool ready) { return crowd.on_readiness(ready); });
    EXPECT_EQ(service.run(), 0);
    EXPECT_EQ(crowd.done, workers * rounds * 6);
}

/// The routes of a preset, compiled.
std::shared_ptr<const RouteTable> table_of(std::string_view preset) {
    const auto documents = reflect::parse_yaml(preset_routes(preset).value());
    RouteDefinitions definitions;
    for (const Json& json : documents->at(0)["spring"]["cloud"]["gateway"]["routes"].elements()) {
        auto route = route_from(json);
        EXPECT_TRUE(route) << route.error().message();
        definitions.routes.push_back(std::move(route).value());
    }
    ComponentMeans means;
    means.tokens = std::make_shared<const TokenCheck>();
    auto table = RouteTable::compile(definitions, Components::standard(), means);
    EXPECT_TRUE(table) << table.error().message();
    return *std::move(table);
}

std::string route_for(const RouteTable& table, std::string_view line) {
    Shot shot(line);
    const Route* route = table.find(*shot);
    return route ? route->id() : std::string("-");
}

TEST(GatewayServer, ThePresetOfTheCourseLetsEverybodyOrder) {
    const auto table = table_of("course");
    EXPECT_EQ(route_for(*table, "POST /order-service/u-1/orders"), "order-service");
    EXPECT_EQ(route_for(*table, "POST /user-service/actuator/refresh"), "user-service");
    EXPECT_EQ(route_for(*table, "GET /catalog-service/actuator/health"), "catalog-service-actuator");
    EXPECT_FALSE(preset_routes("nonesuch"));
}

TEST(GatewayServer, ThePresetOfTheShopIsCompleteAndKeepsItsSecrets) {
    const auto table = table_of("shop");
    EXPECT_TRUE(table->problems().empty()) << table->problems().front().message;
    EXPECT_EQ(route_for(*table, "POST /user-service/login"), "user-open");
    EXPECT_EQ(route_for(*table, "GET /user-service/actuator/prometheus"), "user-operations");
    EXPECT_EQ(route_for(*table, "GET /user-service/actuator/env"), "user-administration");
    EXPECT_EQ(route_for(*table, "GET /user-service/users/1"), "user-service");
    EXPECT_EQ(route_for(*table, "DELETE /user-service/users/1"), "-");
    EXPECT_EQ(route_for(*table, "GET /catalog-service/catalogs"), "catalog-read");
    EXPECT_EQ(route_for(*table, "POST /order-service/u-1/orders"), "order-of-user");
    EXPECT_EQ(route_for(*table, "GET /order-service/health_check"), "order-service");
}

}  // namespace
}  // namespace flotilla::gateway
