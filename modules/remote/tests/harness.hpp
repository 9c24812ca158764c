#pragma once
// Services on free ports of this machine and a Remote that finds them by name, on one runtime.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/discovery/load_balancer.hpp"
#include "flotilla/discovery/simple_discovery.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/remote/remote.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::remote::testing {

using Properties = std::vector<std::pair<std::string, reflect::Json>>;

/// One instance of a service.
class Instance {
public:
    Instance(runtime::Runtime& runtime, http::Router& router, http::Telemetry telemetry = {})
        : runtime_(runtime),
          server_(std::make_unique<http::Server>(runtime, on_a_free_port(), router, telemetry)) {}

    Task<> start() { endpoint_ = (co_await server_->start()).value(); }

    Task<> stop() {
        (void)co_await server_->stop(Deadline::after(runtime_.clock().now(), std::chrono::seconds(1)));
    }

    [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }

private:
    static http::ServerConfig on_a_free_port() {
        http::ServerConfig config;
        config.port = 0;
        config.address = "127.0.0.1";
        return config;
    }

    runtime::Runtime& runtime_;
    std::unique_ptr<http::Server> server_;
    runtime::Endpoint endpoint_;
};

inline discovery::ServiceInstance at(
    std::string service, std::string id, std::uint16_t port, discovery::Metadata metadata = {}
) {
    discovery::ServiceInstance instance;
    instance.id = std::move(id);
    instance.service = std::move(service);
    instance.host = "127.0.0.1";
    instance.port = port;
    instance.metadata = std::move(metadata);
    return instance;
}

/// A port at which nobody listens.
inline std::uint16_t dead_port() {
    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    auto listener =
        runtime::Listener::open(runtime.loop(0), runtime::Endpoint::parse("127.0.0.1", 0).value()).value();
    return listener.local().port();
}

/// Round robin from the first instance on; no ejection, unless a test asks for it.
inline discovery::BalancerConfig in_turns() {
    discovery::BalancerConfig config;
    config.algorithm = discovery::Algorithm::round_robin;
    config.outlier.enabled = false;
    return config;
}

struct Setup {
    Properties properties{};
    RemoteOptions options{};
    discovery::BalancerConfig balancer = in_turns();
    std::size_t loops = 1;
};

/// What a test has at hand.
class Harness {
public:
    Harness(runtime::Runtime& its_runtime, Setup setup)
        : runtime(its_runtime),
          discovery({}),
          balancer(
              discovery, [config = setup.balancer](std::string_view) { return config; }, runtime.clock()
          ),
          remote(runtime, config::Environment::of(setup.properties), balancer, std::move(setup.options)) {}

    runtime::Runtime& runtime;
    discovery::StaticDiscovery discovery;
    discovery::LoadBalancer balancer;
    Remote remote;
};

inline Task<int> run_body(Harness& harness, std::function<Task<>(Harness&)> body) {
    co_await body(harness);
    co_await harness.remote.stop();
    co_return 0;
}

inline void with_remote(Setup setup, std::function<Task<>(Harness&)> body) {
    runtime::Runtime runtime({.loops = setup.loops, .blocking = {.threads = 2}});
    Harness harness(runtime, std::move(setup));
    runtime.run(run_body(harness, std::move(body)));
}

}  // namespace flotilla::remote::testing
