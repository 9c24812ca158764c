// From the first listener to the last log line.

#include <fmt/format.h>

#include <exception>

#include "flotilla/base/units.hpp"
#include "flotilla/metrics/standard_meters.hpp"
#include "port_holder.hpp"
#include "service_impl.hpp"
#include "signals.hpp"

namespace flotilla::service {

namespace {

using namespace std::chrono_literals;

/// Threads of the pool that still work when everything else has ended are not waited for any longer.
constexpr unsigned straggler_seconds = 2;

std::string what_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an unknown exception";
    }
}

std::string milliseconds(Duration span) {
    return fmt::format("{} ms", std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

}  // namespace

int Service::Impl::run() {
    int code = 1;
    if (start_error) {
        log.error("cannot start: {}", start_error->message());
    } else {
        try {
            code = runtime->run(main());
        } catch (...) {
            log.error("ended by an exception: {}", what_of(std::current_exception()));
        }
        end_process_after(0, 0);
    }
    log_system->flush();
    return code;
}

Task<int> Service::Impl::main() {
    const std::function<Task<int>(runtime::TaskScope&)> body = [this](runtime::TaskScope& scope) {
        return live(scope);
    };
    co_return co_await runtime::in_scope(home(), body);
}

Task<int> Service::Impl::live(runtime::TaskScope& scope) {
    scope.spawn("signals", read_signals());
    scope.spawn("hangups", read_hangups());
    scope.spawn("meter-clock", tick_meters());
    const auto opened = co_await open();
    if (!opened) {
        log.error("cannot start: {}", opened.error().message());
        life.failed();
        co_return co_await shut_down();
    }
    runtime::TaskScope starting(home());
    starting.spawn("start-up", start_up());
    while (!stopping) co_await stop_wanted.wait();
    co_await starting.stop();
    co_return co_await shut_down();
}

Task<Result<void>> Service::Impl::open() {
    http::Telemetry telemetry{
        .meters = meters.get(),
        .tracer = tracer.get(),
        .log = log_system->logger("http.server"),
        .access_log = log_system->logger("http.access")
    };
    server = std::make_unique<http::Server>(*runtime, server_properties, *router, telemetry, *errors);
    auto at = co_await server->start();
    if (!at) co_return fail(explained(at.error(), server_properties.port));
    {
        const std::lock_guard lock(endpoint_mutex);
        endpoint = *at;
    }
    publish_ports();
    life.listening();
    const Duration taken = life.age(runtime->clock().now());
    metrics::set_started_time(*meters, name, taken);
    const bool secure = server_properties.ssl && server_properties.ssl->enabled;
    log.info(
        "started in {}, listens on {}://{}", milliseconds(taken), secure ? "https" : "http", endpoint.text()
    );
    co_return Result<void>();
}

Error Service::Impl::explained(const Error& error, std::uint16_t port) const {
    if (port == 0 || error.message().find("Address already in use") == std::string::npos) return error;
    const std::string holder = holder_of_port(port);
    return {
        Errc::conflict,
        fmt::format(
            "port {} is taken{}{}: stop that, or choose another by --server.port=...",
            port,
            holder.empty() ? "" : " by ",
            holder
        )
    };
}

void Service::Impl::publish_ports() {
    const auto ports = config::make_source(
        "server.ports", config::Precedence::server_ports, {{"local.server.port", endpoint.port()}}
    );
    (void)environment.set_sources({{config::Precedence::server_ports, {ports}}});
}

Task<> Service::Impl::start_up() {
    for (std::size_t i = 0; i < start_jobs.size(); ++i) {
        if (co_await run_reported(start_jobs[i], fmt::format("start-up task {}", i + 1))) continue;
        life.failed();
        ask_to_stop(0);
        co_return;
    }
    become_ready();
    co_await tell_readiness(true);
}

void Service::Impl::become_ready() {
    life.ready();
    const Duration taken = life.age(runtime->clock().now());
    metrics::set_ready_time(*meters, name, taken);
    if (!start_jobs.empty()) log.info("ready after {}", milliseconds(taken));
}

Task<> Service::Impl::tell_readiness(bool ready) {
    for (const auto& tell : readiness_listeners) {
        try {
            co_await tell(ready);
        } catch (const std::exception& error) {
            log.warn("could not tell that the service is {}: {}", ready ? "ready" : "leaving", error.what());
        }
    }
}

void Service::Impl::ask_to_stop(int signal) {
    if (life.asked_to_stop(signal) != LifeCycle::Reaction::stop) return;
    stopping = true;
    stop_wanted.notify_all();
}

Task<> Service::Impl::read_signals() {
    const int signal = co_await runtime->next_signal();
    let_signals_kill();
    ask_to_stop(signal);
}

Task<> Service::Impl::read_hangups() {
    for (;;) {
        co_await next_hangup();
        const auto reloaded = server->reload_certificates();
        if (reloaded) {
            log.info("certificates read again");
        } else {
            log.error("certificates stay as they are: {}", reloaded.error().message());
        }
    }
}

Task<> Service::Impl::tick_meters() {
    for (;;) {
        co_await runtime::sleep_for(1s);
        meters->tick();
    }
}

Task<int> Service::Impl::shut_down() {
    const Clock& clock = runtime->clock();
    const bool was_open = life.phase() != Phase::starting;
    const TimePoint until = life.drain(clock.now(), !readiness_listeners.empty());
    if (was_open) log.info("stopping");
    co_await tell_readiness(false);
    if (was_open) server->announce_shutdown();
    if (until > clock.now()) co_await runtime::sleep_until(until);
    const Deadline deadline = life.close(clock.now());
    const std::size_t cut = was_open ? co_await server->stop(deadline) : 0;
    if (cut > 0) log.warn("{} requests cut off", cut);
    co_await run_stop_jobs();
    const int code = life.stopped(cut);
    if (was_open)
        log.info(
            "stopped after {}",
            format_duration(std::chrono::floor<std::chrono::seconds>(life.age(clock.now())))
        );
    end_process_after(straggler_seconds, code);
    co_return code;
}

Task<> Service::Impl::run_stop_jobs() {
    while (!stop_jobs.empty()) {
        if (!co_await run_reported(stop_jobs.back(), "stop task")) life.failed();
        stop_jobs.pop_back();
    }
}

Task<Result<void>> Service::Impl::run_job(Job job) {
    if (job.blocks()) co_return co_await runtime->blocking(job.plain());
    co_return co_await job.coroutine()();
}

Task<bool> Service::Impl::run_reported(Job job, std::string what) {
    std::string trouble;
    try {
        const auto done = co_await run_job(std::move(job));
        if (done) co_return true;
        trouble = done.error().message();
    } catch (const std::exception& error) {
        trouble = error.what();
    }
    log.error("{} failed: {}", what, trouble);
    co_return false;
}

}  // namespace flotilla::service
