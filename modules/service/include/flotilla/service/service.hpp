#pragma once
/// A service in ten lines: configuration, log, metrics, traces, server, operations endpoints and a clean end,
/// put together.
///
///     int main(int argc, char** argv) {
///         flotilla::Service service("hello", argc, argv);
///         service.get("/hello", [] { return Greeting{"Hello"}; });
///         return service.run();
///     }
///
/// What handlers take and return: flotilla/http/binding.hpp. Properties: docs/configuration.md.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/config/environment.hpp"
#include "flotilla/http/router.hpp"
#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/reflect/value.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/service/job.hpp"
#include "flotilla/service/property_docs.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::log {
class LogSystem;
}

namespace flotilla::actuator {
class Actuator;
}

namespace flotilla::discovery {
class BalancerProperties;
class LoadBalancer;
class RegistryClient;
}  // namespace flotilla::discovery

namespace flotilla::remote {
class Remote;
}

namespace flotilla::resilience {
class Policies;
}

namespace flotilla::service {

/// Where a service gets its input from; tests give their own.
struct ServiceOptions {
    /// Of a program: its arguments, without its own name, and the variables of its environment.
    static ServiceOptions of_program(std::string name, int argc, const char* const* argv);

    std::string name;  ///< `spring.application.name`, unless configuration has another
    std::string version = {};
    std::vector<std::string> arguments = {};  ///< without the program's name
    std::vector<std::pair<std::string, std::string>> variables = {};
    std::shared_ptr<const config::Files> files = {};  ///< null: the disk
    /// What holds for this program when nobody says otherwise: the usual port of a role, say.
    std::vector<std::pair<std::string, reflect::Json>> defaults = {};
};

/// One per process, in main. Routes, jobs and hooks are added before `run`; from then on they are only read.
/// What they refer to outlives the call of `run`.
///
/// What cannot be configured is noted; `run` then tells it in one line and returns 1 without starting.
class Service {
public:
    Service(std::string name, int argc, const char* const* argv);
    explicit Service(ServiceOptions options);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    template <class F>
    Service& get(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return route(http::Method::get, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    Service& post(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return route(http::Method::post, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    Service& put(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return route(http::Method::put, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    Service& patch(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return route(http::Method::patch, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    Service& del(std::string_view pattern, F handler, http::RouteOptions options = {}) {
        return route(http::Method::delete_, pattern, std::move(handler), std::move(options));
    }

    template <class F>
    Service& route(
        http::Method method, std::string_view pattern, F handler, http::RouteOptions options = {}
    ) {
        router().route(method, path_of(pattern), std::move(handler), std::move(options));
        return *this;
    }

    /// Runs a job again and again, `interval` from start to start; a run that is late is not made up for.
    /// `target` is its name for people: `Heartbeat.run`.
    Service& every(Duration interval, std::string target, Job job);
    /// The same with `delay` between the end of a run and the next.
    Service& after_each(Duration delay, std::string target, Job job);
    /// At the times of a cron expression with Spring's six fields, local time: `0 30 3 * * MON-FRI`.
    Service& cron(std::string_view expression, std::string target, Job job);

    /// Runs when the service listens, before it takes requests; in order. One that fails ends the service
    /// with exit code 1.
    Service& on_start(Job job);
    /// Runs when the last request has been answered; the last added first.
    Service& on_stop(Job job);
    /// Told when the service begins to take requests, and when it no longer wants any. Whoever announces the
    /// service elsewhere (a registry) asks for this; then shutdown waits until word has got around.
    Service& on_readiness(std::function<Task<>(bool ready)> notify);

    /// The struct under a prefix, validated; its fields show in `--help` and `/actuator/configprops`.
    template <reflect::Described T>
    T bind(std::string_view prefix) {
        document(documented_properties<T>(prefix));
        auto bound = environment().bind<T>(prefix);
        if (bound) return *std::move(bound);
        cannot_start(bound.error());
        return T{};
    }

    /// Spans that are sampled go there. Before `run`.
    void report_spans_to(std::shared_ptr<tracing::SpanSink> sink);

    /// The first reason why this service cannot start; `run` tells it.
    void cannot_start(const Error& why);

    [[nodiscard]] config::Environment& environment() noexcept;
    [[nodiscard]] log::Logger logger(std::string_view name);
    [[nodiscard]] log::LogSystem& log_system() noexcept;
    [[nodiscard]] metrics::Registry& meters() noexcept;
    [[nodiscard]] tracing::Tracer& tracer() noexcept;
    [[nodiscard]] runtime::Runtime& runtime() noexcept;
    [[nodiscard]] http::Router& router() noexcept;
    /// Health contributors, endpoints and info of your own go there.
    [[nodiscard]] actuator::Actuator& actuator() noexcept;

    /// The client of the registry that is configured: who is there? Without one there is nobody. The service
    /// itself is announced by and by, when it is ready.
    [[nodiscard]] discovery::RegistryClient& discovery() noexcept;
    /// Chooses among the instances of other services.
    [[nodiscard]] discovery::LoadBalancer& balancer() noexcept;
    [[nodiscard]] const discovery::BalancerProperties& balancing() const noexcept;

    /// Calls other services by their names; needs flotilla/remote/remote.hpp. Its clients are made before
    /// `run`.
    [[nodiscard]] remote::Remote& remote() noexcept;
    /// Circuit breakers and the like, by name: those of `resilience4j.*` and those that are asked for.
    [[nodiscard]] resilience::Policies& policies() noexcept;

    /// Runs a function that blocks on the pool: `co_await service.blocking([&] { return db.query(…); })`.
    template <class Function>
    auto blocking(Function function) {
        return runtime().blocking(std::move(function));
    }

    /// Serves until SIGTERM, SIGINT, `POST /actuator/shutdown` or `stop`. The exit code of the process: 0, or
    /// 1 when it could not start or not end in time. `--help` and `--version` are answered and end it.
    [[nodiscard]] int run();

    /// Begins the shutdown. From any thread.
    void stop();

    /// Where it listens, once it does; for tests, which ask for port 0. From any thread.
    [[nodiscard]] runtime::Endpoint endpoint() const;
    [[nodiscard]] runtime::Endpoint management_endpoint() const;

private:
    struct Impl;

    /// With the context path in front.
    [[nodiscard]] std::string path_of(std::string_view pattern) const;
    void document(std::vector<PropertyDoc> properties);

    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::service

namespace flotilla {

using service::Service;

// The words of handlers.
using http::Body;
using http::Created;
using http::Header;
using http::Path;
using http::Query;
using http::Request;
using http::Response;
using http::Status;

}  // namespace flotilla
