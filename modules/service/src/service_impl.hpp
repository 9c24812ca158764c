#pragma once
// The parts of a service and the course of its life.

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "calls.hpp"
#include "flotilla/actuator/actuator.hpp"
#include "flotilla/http/server.hpp"
#include "flotilla/log/log_system.hpp"
#include "flotilla/openapi/api.hpp"
#include "flotilla/runtime/task_scope.hpp"
#include "flotilla/service/service.hpp"
#include "life_cycle.hpp"
#include "log_setup.hpp"
#include "membership.hpp"
#include "properties.hpp"
#include "reporting.hpp"
#include "scheduler.hpp"
#include "start_gate.hpp"
#include "tracing_setup.hpp"

namespace flotilla::service {

/// Takes the value, or notes the error and goes on with a default: there is one line at the end, not a crash
/// half-way.
struct Service::Impl {
    explicit Impl(ServiceOptions options);
    ~Impl();

    int run();
    void note(const Error& why);

    template <class T>
    T value_or_note(Result<T> result, T otherwise = {}) {
        if (result) return *std::move(result);
        note(result.error());
        return otherwise;
    }

    // Life, in life.cpp.
    Task<int> main();
    Task<int> live(runtime::TaskScope& scope);
    Task<Result<void>> open();
    Task<Result<void>> open_main();
    Task<Result<void>> open_management();
    Task<> join_fleet(runtime::TaskScope& tasks);
    Task<> start_up();
    Task<> tell_readiness(bool ready);
    Task<int> shut_down();
    Task<> run_stop_jobs();
    Task<> read_signals();
    Task<> read_hangups();
    Task<> follow_certificates();
    void reload_certificates(http::Server& of);
    Task<> settle();
    Task<> tick_meters();
    void become_ready();
    void ask_to_stop(int signal);
    void stop_after(Duration delay);

    void enter(actuator::LifePhase phase) { operations->availability().enter(phase); }

    [[nodiscard]] std::vector<runtime::TaskInfo> running_tasks();
    [[nodiscard]] bool has_management_port() const;
    Result<void> mount_operations();
    void watch_certificate();
    void report_spans(const std::string& service_name, bool tracing);
    Task<std::size_t> close_main(Deadline deadline);
    Task<bool> run_reported(Job job, std::string what);
    void publish_ports();
    void tell_start(TimePoint began, bool traces);
    void apply_changes(const config::Environment::ChangedKeys& changed);

    [[nodiscard]] runtime::EventLoop& home() { return runtime->loop(0); }

    ServiceOptions options;
    std::string name;
    std::optional<Error> start_error;
    config::Environment environment = config::Environment::of({});

    struct StartStep {
        std::string what;
        TimePoint began;
        TimePoint ended;
    };

    std::vector<StartStep> start_steps;  // until there is a report that takes them
    std::vector<PropertyDoc> docs;

    std::unique_ptr<log::LogSystem> log_system;
    log::Logger log;
    Levels levels;
    std::unique_ptr<metrics::Registry> meters;
    ReplaceableSpanSink spans;
    std::unique_ptr<tracing::Tracer> tracer;

    ServerProperties server_properties;
    std::unique_ptr<http::ErrorRenderer> errors;
    std::unique_ptr<http::Router> router;

    LifeCycle life{{}, {}};
    std::vector<Job> start_jobs;
    std::vector<Job> stop_jobs;
    std::vector<std::function<Task<>(bool)>> readiness_listeners;

    std::unique_ptr<runtime::Runtime> runtime;
    std::unique_ptr<http::Router> management_router;  // of a port of their own
    std::unique_ptr<actuator::Actuator> operations;
    std::unique_ptr<Membership> membership;
    std::unique_ptr<Calls> calls;
    std::unique_ptr<openapi::Api> api;
    std::unique_ptr<Reporting> reporting;  // null: spans go nowhere
    std::unique_ptr<Scheduler> scheduler;
    std::unique_ptr<StartGate> gate;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<http::Server> management_server;
    runtime::TaskScope* scope = nullptr;  // while it lives
    mutable std::mutex endpoint_mutex;
    runtime::Endpoint endpoint;
    runtime::Endpoint management_endpoint;
    config::Subscription subscription;
    runtime::Signal stop_wanted;
    bool stopping = false;  // on the first loop
};

}  // namespace flotilla::service
