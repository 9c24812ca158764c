// From the first listener to the last log line.

#include <fmt/format.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <future>

#include "certificate_files.hpp"
#include "flotilla/actuator/health_contributors.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/metrics/standard_meters.hpp"
#include "flotilla/runtime/port_holder.hpp"
#include "flotilla/runtime/program_pages.hpp"
#include "service_impl.hpp"
#include "signals.hpp"

namespace flotilla::service {

namespace {

using namespace std::chrono_literals;
using actuator::LifePhase;

/// Threads of the pool that still work when everything else has ended are not waited for any longer.
constexpr unsigned straggler_seconds = 2;
/// For requests to operations endpoints, at the very end.
constexpr Duration management_grace = 1s;
/// After it is ready: registered, asked by its supervisor and by the first clients.
constexpr Duration start_settles_after = 2s;

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

std::string url_of(const http::ServerConfig& config, const runtime::Endpoint& at) {
    const bool secure = config.ssl && config.ssl->enabled;
    return fmt::format("{}://{}{}", secure ? "https" : "http", at.text(), config.context_path);
}

/// What an operator wants to read when a port is taken; other errors as they are.
Error explained(const Error& error, std::uint16_t port, std::string_view property) {
    if (port == 0 || error.message().find("Address already in use") == std::string::npos) return error;
    const std::string holder = runtime::holder_of_port(port);
    return {
        Errc::conflict,
        fmt::format(
            "port {} is taken{}{}: stop that, or choose another port by --{}=...",
            port,
            holder.empty() ? "" : " by ",
            holder,
            property
        )
    };
}

}  // namespace

int Service::Impl::run() {
    int code = 1;
    if (!start_error) {
        if (const auto mounted = mount_operations(); !mounted) note(mounted.error());
    }
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
    const std::function<Task<int>(runtime::TaskScope&)> body = [this](runtime::TaskScope& tasks) {
        return live(tasks);
    };
    co_return co_await runtime::in_scope(home(), body);
}

Task<int> Service::Impl::live(runtime::TaskScope& tasks) {
    scope = &tasks;
    tasks.spawn("signals", read_signals());
    tasks.spawn("hangups", read_hangups());
    tasks.spawn("meter-clock", tick_meters());
    const auto opened = co_await open();
    if (!opened) {
        log.error("cannot start: {}", opened.error().message());
        life.failed();
    } else {
        if (reporting) reporting->begin(server_properties.address, endpoint.port());
        const bool secure = follows_files(server_properties.ssl);
        if (secure || follows_files(operations->config().server.ssl))
            tasks.spawn("certificates", follow_certificates());
        const TimePoint joins = runtime->clock().now();
        co_await join_fleet(tasks);
        operations->startup().step("registration", joins);
        tasks.spawn("circuit-breakers", calls->run());
        runtime::TaskScope starting(home());
        starting.spawn("start-up", start_up());
        while (!stopping) co_await stop_wanted.wait();
        co_await starting.stop();
    }
    const int code = co_await shut_down();
    scope = nullptr;
    co_return code;
}

// Opening.

Task<Result<void>> Service::Impl::open() {
    TimePoint began = runtime->clock().now();
    FLT_CO_CHECK(co_await open_main());
    operations->startup().step("listener", began);
    began = runtime->clock().now();
    if (has_management_port()) {
        auto opened = co_await open_management();
        if (!opened) {
            (void)co_await server->stop(Deadline(TimePoint{}));
            co_return opened;
        }
        operations->startup().step("listener of operations", began);
    }
    publish_ports();
    life.listening();
    enter(LifePhase::started);
    const Duration taken = life.age(runtime->clock().now());
    metrics::set_started_time(*meters, name, taken);
    std::string where = url_of(server_properties, endpoint);
    if (management_server)
        where += ", operations at " + url_of(management_server->config(), management_endpoint);
    log.info("started in {}, listens on {}", milliseconds(taken), where);
    co_return Result<void>();
}

Task<Result<void>> Service::Impl::open_main() {
    http::Handler* handler = router.get();
    if (!start_jobs.empty()) {
        std::vector<std::string> always_open;
        if (!has_management_port()) always_open.push_back(operations->config().endpoints.web.base_path);
        for (const auto& [group, rules] : operations->config().health_groups) {
            const auto colon = rules.additional_path.find(':');
            if (rules.additional_path.starts_with("server:"))
                always_open.push_back(rules.additional_path.substr(colon + 1));
        }
        gate = std::make_unique<StartGate>(*router, std::move(always_open));
        handler = gate.get();
    }
    http::Telemetry telemetry{
        .meters = meters.get(),
        .tracer = tracer.get(),
        .log = log_system->logger("http.server"),
        .access_log = log_system->logger("http.access")
    };
    server = std::make_unique<http::Server>(*runtime, server_properties, *handler, telemetry, *errors);
    if (auto observer = operations->exchange_observer()) server->observe(std::move(observer));
    auto at = co_await server->start();
    if (!at) co_return fail(explained(at.error(), server_properties.port, "server.port"));
    watch_certificate();
    const std::lock_guard lock(endpoint_mutex);
    endpoint = *at;
    co_return Result<void>();
}

Task<Result<void>> Service::Impl::open_management() {
    const actuator::ManagementServerConfig& own = operations->config().server;
    http::ServerConfig config = server_properties;
    config.port = static_cast<std::uint16_t>(own.port.value_or(0));
    if (own.address) config.address = *own.address;
    config.ssl = own.ssl;
    config.context_path.clear();
    config.access_log = false;
    // Its requests are nobody's business figures: no meters.
    http::Telemetry telemetry{
        .meters = nullptr,
        .tracer = tracer.get(),
        .log = log_system->logger("http.management"),
        .access_log = {}
    };
    management_server =
        std::make_unique<http::Server>(*runtime, config, *management_router, telemetry, *errors);
    if (auto observer = operations->exchange_observer()) management_server->observe(std::move(observer));
    auto at = co_await management_server->start();
    if (!at) {
        management_server.reset();
        co_return fail(explained(at.error(), config.port, "management.server.port"));
    }
    const std::lock_guard lock(endpoint_mutex);
    management_endpoint = *at;
    co_return Result<void>();
}

void Service::Impl::publish_ports() {
    std::vector<std::pair<std::string, reflect::Json>> ports{{"local.server.port", endpoint.port()}};
    if (management_server) ports.emplace_back("local.management.port", management_endpoint.port());
    const auto source = config::make_source("server.ports", config::Precedence::server_ports, ports);
    (void)environment.set_sources({{config::Precedence::server_ports, {source}}});
}

Task<> Service::Impl::join_fleet(runtime::TaskScope& tasks) {
    discovery::SelfDescription self;
    self.application = name;
    self.port = endpoint.port();
    self.secure = server_properties.ssl && server_properties.ssl->enabled;
    if (management_server) self.management_port = management_endpoint.port();
    self.context_path = server_properties.context_path;
    self.operations_path = operations->config().endpoints.web.base_path;
    // Who listens at one address alone is not to be reached by the host's name.
    const std::string& address = server_properties.address;
    if (!address.empty() && address != "0.0.0.0" && address != "::")
        self.host_name = self.ip_address = address;
    const auto joined = co_await membership->begin(std::move(self), tasks);
    if (!joined) log.error("does not register: {}", joined.error().message());
}

void Service::Impl::watch_certificate() {
    if (server->certificate_expires().empty() || !operations->config().contributes("ssl")) return;
    operations->health().add("ssl", [this] {
        const auto expires = parse_iso_time(server->certificate_expires());
        if (!expires) return actuator::Health::unknown();
        return actuator::certificate_health(name, *expires, runtime->clock().wall_now());
    });
}

Task<> Service::Impl::start_up() {
    for (std::size_t i = 0; i < start_jobs.size(); ++i) {
        const TimePoint began = runtime->clock().now();
        const std::string what = fmt::format("start-up task {}", i + 1);
        const bool done = co_await run_reported(start_jobs[i], what);
        operations->startup().step(what, began);
        if (done) continue;
        life.failed();
        ask_to_stop(0);
        co_return;
    }
    become_ready();
    co_await tell_readiness(true);
}

void Service::Impl::become_ready() {
    life.ready();
    if (gate) gate->open();
    enter(LifePhase::ready);
    scheduler->start();
    const Duration taken = life.age(runtime->clock().now());
    metrics::set_ready_time(*meters, name, taken);
    if (!start_jobs.empty()) log.info("ready after {}", milliseconds(taken));
    if (scope) scope->spawn("settle", settle());
}

Task<> Service::Impl::tell_readiness(bool ready) {
    co_await membership->tell(ready);
    for (const auto& tell : readiness_listeners) {
        try {
            co_await tell(ready);
        } catch (const std::exception& error) {
            log.warn("could not tell that the service is {}: {}", ready ? "ready" : "leaving", error.what());
        }
    }
}

// While it runs.

void Service::Impl::ask_to_stop(int signal) {
    if (life.asked_to_stop(signal) != LifeCycle::Reaction::stop) return;
    stopping = true;
    stop_wanted.notify_all();
}

void Service::Impl::stop_after(Duration delay) {
    struct Later {
        static Task<> stop(Impl* impl, Duration delay) {
            co_await runtime::sleep_for(delay);
            impl->ask_to_stop(0);
        }
    };

    home().post([this, delay] {
        if (scope) scope->spawn("shutdown", Later::stop(this, delay));
    });
}

std::vector<runtime::TaskInfo> Service::Impl::running_tasks() {
    const auto collect = [this] {
        std::vector<runtime::TaskInfo> all;
        if (!scope) return all;
        all = scope->tasks();
        for (auto& task : scheduler->tasks()) all.push_back(std::move(task));
        return all;
    };
    if (home().on_this_thread()) return collect();
    const auto answer = std::make_shared<std::promise<std::vector<runtime::TaskInfo>>>();
    home().post([answer, collect] { answer->set_value(collect()); });
    auto waiting = answer->get_future();
    // A loop that is stuck is what thread dumps are for: it must not hold up this one.
    if (waiting.wait_for(100ms) != std::future_status::ready) return {};
    return waiting.get();
}

Task<> Service::Impl::read_signals() {
    const int signal = co_await runtime->next_signal();
    let_signals_kill();
    ask_to_stop(signal);
}

Task<> Service::Impl::read_hangups() {
    for (;;) {
        co_await next_hangup();
        for (http::Server* each : {server.get(), management_server.get()})
            if (each && each->config().ssl) reload_certificates(*each);
    }
}

void Service::Impl::reload_certificates(http::Server& of) {
    if (const auto reloaded = of.reload_certificates()) {
        log.info("certificate read again, valid until {}", of.certificate_expires());
    } else {
        log.error("certificate stays as it is: {}", reloaded.error().message());
    }
}

Task<> Service::Impl::follow_certificates() {
    std::array<std::optional<FilePrint>, 2> known;
    for (;;) {
        for (std::size_t i = 0; i < known.size(); ++i) {
            const auto& owner = i == 0 ? server : management_server;
            if (!owner || !follows_files(owner->config().ssl)) continue;
            const auto look = [files = *owner->config().ssl] { return print_of(files); };
            auto seen = co_await runtime->blocking(look);
            if (!seen || !owner || *seen == known[i]) continue;
            // What is half written is seen once more when it is whole.
            const bool changed = known[i].has_value();
            known[i] = *std::move(seen);
            if (changed) reload_certificates(*owner);
        }
        co_await runtime::sleep_for(1s);
    }
}

/// What the start alone has needed is not resident for ever.
Task<> Service::Impl::settle() {
    co_await runtime::sleep_for(start_settles_after);
    const std::size_t released = runtime::release_program_pages();
    log.debug("handed back {} KB of program text", released >> 10);
}

Task<> Service::Impl::tick_meters() {
    for (;;) {
        co_await runtime::sleep_for(1s);
        meters->tick();
    }
}

// Ending.

Task<int> Service::Impl::shut_down() {
    const Clock& clock = runtime->clock();
    const bool was_open = life.phase() != Phase::starting;
    const bool was_ready = life.phase() == Phase::ready;
    const TimePoint began = clock.now();
    const TimePoint until = life.drain(began, membership->announces() || !readiness_listeners.empty());
    std::size_t cut = 0;
    if (was_open) {
        enter(LifePhase::draining);
        calls->end_streams();
        if (was_ready) co_await tell_readiness(false);
        server->announce_shutdown();
        const Duration delay = until - began;
        log.info("stopping{}", delay > 0s ? ", serves for another " + format_duration(delay) : "");
        if (delay > 0s) co_await runtime::sleep_until(until);
        cut = co_await close_main(life.close(clock.now()));
        co_await run_stop_jobs();
        co_await calls->stop();
        if (reporting) co_await reporting->end();
        co_await membership->farewell();
    }
    if (management_server)
        (void)co_await management_server->stop(Deadline::after(clock.now(), management_grace));
    const int code = life.stopped(cut);
    if (was_open) log.info("stopped");
    end_process_after(straggler_seconds, code);
    co_return code;
}

Task<std::size_t> Service::Impl::close_main(Deadline deadline) {
    // Listeners close first; jobs end while requests do.
    std::size_t requests = 0;

    struct Requests {
        static Task<> stop(http::Server* server, Deadline deadline, std::size_t* cut) {
            *cut = co_await server->stop(deadline);
        }
    };

    runtime::TaskScope closing(home());
    closing.spawn("close", Requests::stop(server.get(), deadline, &requests));
    const std::size_t jobs = co_await scheduler->stop(deadline);
    co_await closing.drain(Deadline());
    if (requests + jobs > 0) log.warn("cut off after the time limit: requests {}, jobs {}", requests, jobs);
    co_return requests + jobs;
}

Task<> Service::Impl::run_stop_jobs() {
    while (!stop_jobs.empty()) {
        Job job = std::move(stop_jobs.back());
        stop_jobs.pop_back();
        const bool done = co_await run_reported(std::move(job), "stop task");
        if (!done) life.failed();
    }
}

Task<bool> Service::Impl::run_reported(Job job, std::string what) {
    std::string trouble;
    try {
        const auto done = co_await run_job(*runtime, std::move(job));
        if (done) co_return true;
        trouble = done.error().message();
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;  // the service is stopping
        trouble = error.what();
    } catch (const std::exception& error) {
        trouble = error.what();
    }
    log.error("{} failed: {}", what, trouble);
    co_return false;
}

}  // namespace flotilla::service
