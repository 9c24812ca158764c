// A service and its registry, which is another service of this process.

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

#include "flotilla/actuator/actuator.hpp"
#include "flotilla/discovery/registry_client.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/service/service.hpp"
#include "quiet_service.hpp"

namespace flotilla::service {
namespace {

using namespace std::chrono_literals;

ServiceOptions quiet(std::string name, std::vector<std::string> properties) {
    return test_support::quietly({.name = std::move(name)}, std::move(properties));
}

/// Runs on a thread of its own from its making to its end.
class RegistryBehind {
public:
    RegistryBehind() : service_(quiet("registry", {"--management.endpoints.web.exposure.include=health"})) {
        service_.route(http::Method::get, "/eureka/apps/{*rest}", [this](Request& request) {
            return note(request);
        });
        for (const auto method : {http::Method::post, http::Method::put, http::Method::delete_})
            service_.route(method, "/eureka/apps/{*rest}", [this](Request& request) {
                return note(request);
            });
        service_.on_readiness([this](bool ready) { return tell(ready); });
        thread_ = std::thread([this] { EXPECT_EQ(service_.run(), 0); });
        ready_.get_future().wait();
    }

    ~RegistryBehind() {
        service_.stop();
        thread_.join();
    }

    [[nodiscard]] std::string url() const { return "http://" + service_.endpoint().text() + "/eureka"; }

    [[nodiscard]] std::vector<std::string> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    [[nodiscard]] std::vector<std::string> bodies() const {
        const std::lock_guard lock(mutex_);
        return bodies_;
    }

private:
    Response note(Request& request) {
        const std::lock_guard lock(mutex_);
        asked_.push_back(std::string(request.method_text()) + " " + std::string(request.raw_path()));
        bodies_.emplace_back(request.body());
        if (request.method() == http::Method::post) return Response(Status::no_content);
        if (request.method() == http::Method::get && request.raw_path() == "/eureka/apps/") {
            return Response(
                Status::ok,
                "application/json",
                R"({"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}})"
            );
        }
        return Response(Status::ok);
    }

    Task<> tell(bool ready) {
        if (ready) ready_.set_value();
        co_return;
    }

    Service service_;
    std::promise<void> ready_;
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;
    std::vector<std::string> bodies_;
    std::thread thread_;
};

/// Waits until the registry was asked for what begins so, looks at the service's own pages, and stops it.
struct Visitor {
    Service& service;
    RegistryBehind& registry;
    std::string health{};
    std::string status{};
    int code = 0;

    Task<> run(bool ready) {
        if (!ready) co_return;
        const TimePoint until = runtime::EventLoop::current().now() + 3s;
        while (!has("POST") && service.runtime().clock().now() < until) co_await runtime::sleep_for(2ms);
        http::Client client(service.runtime());
        const std::string base = "http://" + service.endpoint().text();
        auto page = co_await client.send(http::ClientRequest::get(base + "/actuator/health"));
        if (page) health = std::move(*page).body();
        auto written = http::ClientRequest::post(base + "/actuator/serviceregistry");
        written.body(R"({"status":"OUT_OF_SERVICE"})", "application/json");
        const auto answer = co_await client.send(std::move(written));
        if (answer) code = answer->status();
        service.stop();
    }

    bool has(std::string_view beginning) const {
        for (const std::string& line : registry.asked()) {
            if (line.starts_with(beginning)) return true;
        }
        return false;
    }
};

TEST(Membership, AServiceRegistersWhenReadyAndLeavesFirstThingAtItsEnd) {
    RegistryBehind registry;
    std::uint16_t port = 0;
    {
        Service service(quiet(
            "user-service",
            {"--eureka.client.service-url.defaultZone=" + registry.url(),
             "--management.endpoints.web.exposure.include=*",
             "--management.endpoint.health.show-details=always"}
        ));
        Visitor inside{service, registry};
        service.on_readiness([&inside](bool ready) { return inside.run(ready); });
        EXPECT_EQ(service.run(), 0);
        port = service.endpoint().port();
        EXPECT_EQ(inside.code, 200);
        EXPECT_NE(inside.health.find("\"discoveryComposite\""), std::string::npos) << inside.health;
        EXPECT_NE(inside.health.find("\"discoveryClient\""), std::string::npos) << inside.health;
        EXPECT_NE(inside.health.find("\"eureka\""), std::string::npos) << inside.health;
    }
    const std::string self = "/eureka/apps/USER-SERVICE/127.0.0.1:user-service:" + std::to_string(port);
    const auto asked = registry.asked();
    ASSERT_GE(asked.size(), 5U);
    // Over two connections: either may be first.
    const std::size_t post = asked.at(0).starts_with("POST") ? 0 : 1;
    EXPECT_EQ(asked.at(1 - post), "GET /eureka/apps/");
    EXPECT_EQ(asked.at(post), "POST /eureka/apps/USER-SERVICE");
    EXPECT_EQ(asked.at(asked.size() - 2), "POST /eureka/apps/USER-SERVICE");
    EXPECT_EQ(asked.back(), "DELETE " + self);
    const auto bodies = registry.bodies();
    EXPECT_NE(bodies.at(post).find("\"status\":\"UP\""), std::string::npos) << bodies.at(post);
    EXPECT_NE(bodies.at(bodies.size() - 2).find("\"status\":\"DOWN\""), std::string::npos);
    bool overridden = false;
    for (const std::string& line : asked) overridden = overridden || line == "PUT " + self + "/status";
    EXPECT_TRUE(overridden);
}

/// Waits until the registry has been told of a status.
struct Listener {
    Service& service;
    RegistryBehind& registry;
    bool heard = false;

    Task<> run(bool ready) {
        if (!ready) co_return;
        const TimePoint until = service.runtime().clock().now() + 5s;
        while (!heard && service.runtime().clock().now() < until) {
            co_await runtime::sleep_for(5ms);
            for (const std::string& body : registry.bodies())
                heard = heard || body.find("\"status\":\"DOWN\"") != std::string::npos;
        }
        service.stop();
    }
};

TEST(Membership, TellsTheRegistryHowTheServiceIsWhereThatIsWanted) {
    RegistryBehind registry;
    Service service(quiet(
        "user-service",
        {"--eureka.client.service-url.defaultZone=" + registry.url(),
         "--eureka.client.healthcheck.enabled=true",
         "--eureka.client.instance-info-replication-interval-seconds=1"}
    ));
    service.actuator().health().add("db", [] { return actuator::Health::down("gone"); });
    Listener listener{service, registry};
    service.on_readiness([&listener](bool ready) { return listener.run(ready); });
    EXPECT_EQ(service.run(), 0);
    EXPECT_TRUE(listener.heard);
}

TEST(Membership, AServiceWithoutARegistrySaysNothingOfIt) {
    Service service(quiet("hello", {"--management.endpoint.health.show-details=always"}));
    EXPECT_FALSE(service.discovery().announces());
    EXPECT_TRUE(service.discovery().instances("order-service")->instances.empty());
}

TEST(Membership, AWrongSettingIsToldAndEndsTheService) {
    Service service(quiet("hello", {"--flotilla.discovery.type=psychic"}));
    EXPECT_FALSE(service.discovery().announces());
    EXPECT_EQ(service.run(), 1);
}

}  // namespace
}  // namespace flotilla::service
