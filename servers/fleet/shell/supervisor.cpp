#include "supervisor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "flotilla/base/text.hpp"
#include "flotilla/runtime/program_pages.hpp"

namespace flotilla::fleet {

namespace {

using namespace std::chrono_literals;

constexpr Duration start_limit = 30s;
constexpr Duration probe_interval = 20ms;
constexpr Duration grace = 10s;  // between SIGTERM and SIGKILL

http::ClientConfig probe_config() {
    http::ClientConfig config;
    config.name = "fleet";
    config.timeouts.connect = 500ms;
    config.timeouts.response = 1s;
    config.timeouts.total = 1s;
    return config;
}

std::size_t widest(const std::vector<Part>& parts) {
    std::size_t width = 0;
    for (const Part& part : parts) width = std::max(width, part.name.size());
    return width;
}

}  // namespace

std::string log_path(const std::string& data, const std::string& name) {
    return fmt::format("{}/log/{}.log", data, name);
}

Supervisor::Supervisor(runtime::Runtime& runtime, std::vector<Part> parts, SupervisorSettings settings)
    : runtime_(runtime),
      settings_(std::move(settings)),
      client_(runtime, probe_config()),
      scope_(runtime.loop(0)),
      lives_(runtime.loop(0)),
      began_(runtime.clock().now()) {
    const std::size_t width = widest(parts);
    for (Part& part : parts) {
        auto log = std::make_unique<PartLog>(
            prefix_of(part.name, keepers_.size(), width, settings_.colour),
            log_path(settings_.data, part.name),
            settings_.echo
        );
        keepers_.push_back(std::make_unique<Keeper>(Keeper{.part = std::move(part), .log = std::move(log)}));
    }
}

Supervisor::~Supervisor() = default;

Task<int> Supervisor::run() {
    scope_.spawn("signals", listen_for_signals());
    for (const auto& keeper : keepers_) scope_.spawn(keeper->part.name, keep(*keeper));
    scope_.spawn("ready", await_all_ready());
    while (!stopping_) co_await changed_.wait();
    if (!up_)
        settings_.on_ready(fail(Errc::unavailable, failure_.empty() ? "stopped before it was up" : failure_));
    if (up_) say("Stopping ...");
    co_await stop_all();
    co_await scope_.stop();
    co_await lives_.stop();
    unlink(run_record_path(settings_.data).c_str());
    if (up_) say("Stopped.");
    co_return failure_.empty() ? 0 : 1;
}

Task<> Supervisor::listen_for_signals() {
    while (true) {
        co_await runtime_.next_signal();
        if (stopping_) hurry_ = true;
        stopping_ = true;
        changed_.notify_all();
    }
}

Task<> Supervisor::keep(Keeper& keeper) {
    co_await await_predecessors(keeper);
    while (!stopping_) {
        const TimePoint started = runtime_.clock().now();
        co_await live_once(keeper);
        if (stopping_) break;
        const Duration pause = keeper.restarts.ended(started, runtime_.clock().now());
        if (up_) say(fmt::format("{} starts again in {} ms", keeper.part.name, pause / 1ms));
        co_await runtime::sleep_for(pause);
    }
}

Task<> Supervisor::live_once(Keeper& keeper) {
    keeper.log->begin_life();
    keeper.end.clear();
    auto process = Process::start(runtime_.loop(0), keeper.part.command, keeper.part.environment);
    if (!process) {
        give_up(fmt::format("{} cannot start: {}", keeper.part.name, process.error().message()));
        co_return;
    }
    keeper.process = *process;
    keeper.id = ProcessId::of((*process)->pid());
    keeper.started_wall = runtime_.clock().wall_now();
    keeper.phase = Phase::starting;
    record();
    lives_.spawn(keeper.part.name + " end", await_end(keeper, *process));
    lives_.spawn(keeper.part.name + " output", follow(keeper, *process));
    scope_.spawn(keeper.part.name + " readiness", await_readiness(keeper, (*process)->pid()));
    while (keeper.phase != Phase::dead) co_await changed_.wait();
}

/// The output first, then the end: so that its last words stand before the line that tells of its death.
Task<> Supervisor::follow(Keeper& keeper, std::shared_ptr<Process> process) {
    std::string_view piece = co_await process->read();
    while (!piece.empty()) {
        keeper.log->add(piece);
        piece = co_await process->read();
    }
    keeper.log->finish();
    while (keeper.end.empty()) co_await changed_.wait();
    keeper.phase = Phase::dead;
    keeper.process.reset();
    if (!stopping_) tell_of_death(keeper);
    changed_.notify_all();
}

Task<> Supervisor::await_end(Keeper& keeper, std::shared_ptr<Process> process) {
    keeper.end = co_await process->ended();
    changed_.notify_all();
}

void Supervisor::tell_of_death(const Keeper& keeper) {
    if (up_)
        say(fmt::format("{} ended by itself: {}", keeper.part.name, keeper.end));
    else
        give_up(fmt::format(
            "{} ended before it was ready: {}\n{}", keeper.part.name, keeper.end, keeper.log->tail(10)
        ));
}

Task<> Supervisor::await_readiness(Keeper& keeper, pid_t pid) {
    const auto lives = [&] { return keeper.process != nullptr && keeper.process->pid() == pid; };
    while (lives()) {
        auto request = http::ClientRequest::get(keeper.part.health);
        const auto answer = co_await client_.send(std::move(request));
        if (answer && answer->ok() && lives()) {
            keeper.phase = Phase::ready;
            record();
            if (up_) say(fmt::format("{} is up again", keeper.part.name));
            changed_.notify_all();
            co_return;
        }
        co_await runtime::sleep_for(probe_interval);
    }
}

bool Supervisor::is_ready(const std::string& group) const {
    return std::ranges::all_of(keepers_, [&](const auto& keeper) {
        return keeper->part.group != group || keeper->phase == Phase::ready;
    });
}

Task<> Supervisor::await_predecessors(const Keeper& keeper) {
    const auto all_ready = [&] {
        return std::ranges::all_of(keeper.part.after, [&](const std::string& group) {
            return is_ready(group);
        });
    };
    while (!stopping_ && !all_ready()) co_await changed_.wait();
}

Task<> Supervisor::await_all_ready() {
    const Deadline deadline(began_ + start_limit);
    const auto missing = [&] {
        std::vector<std::string> names;
        for (const auto& keeper : keepers_)
            if (keeper->phase != Phase::ready) names.push_back(keeper->part.name);
        return names;
    };
    while (!missing().empty()) {
        if (const auto wake = co_await changed_.wait(deadline); wake == runtime::Wake::timed_out) {
            give_up(fmt::format("not ready within {} s: {}", start_limit / 1s, join(missing(), ", ")));
            co_return;
        }
    }
    up_ = true;
    std::string line = fmt::format(
        "Up in {:.2f} s:", std::chrono::duration<double>(runtime_.clock().now() - began_).count()
    );
    for (const auto& keeper : keepers_)
        if (keeper->part.show) line += fmt::format("  {} {}", keeper->part.name, keeper->part.page);
    say(line);
    settings_.on_ready(line);
    runtime::release_program_pages();
}

/// Those that others stood on end last: a service that leaves tells the registry.
Task<> Supervisor::stop_all() {
    co_await stop_wave([](const Keeper& keeper) { return !keeper.part.after.empty(); });
    co_await stop_wave([](const Keeper&) { return true; });
}

Task<> Supervisor::stop_wave(std::function<bool(const Keeper&)> in_wave) {
    const auto left = [&] {
        std::vector<Keeper*> running;
        for (const auto& keeper : keepers_)
            if (keeper->process && in_wave(*keeper)) running.push_back(keeper.get());
        return running;
    };
    for (Keeper* keeper : left()) keeper->process->signal(SIGTERM);
    const Deadline deadline(runtime_.clock().now() + grace);
    while (!hurry_ && !left().empty()) {
        if (const auto wake = co_await changed_.wait(deadline); wake == runtime::Wake::timed_out) break;
    }
    for (Keeper* keeper : left()) {
        if (!hurry_) say(fmt::format("{} did not stop within {} s: killed", keeper->part.name, grace / 1s));
        keeper->process->signal(SIGKILL);
    }
    while (!left().empty()) co_await changed_.wait();
}

void Supervisor::give_up(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
    stopping_ = true;
    changed_.notify_all();
}

void Supervisor::record() {
    RunRecord run{.supervisor = ProcessId::of(getpid()), .parts = {}};
    for (const auto& keeper : keepers_)
        run.parts.push_back({
            .name = keeper->part.name,
            .process = keeper->id,
            .port = keeper->part.port,
            .health = keeper->part.health,
            .page = keeper->part.page,
            .log = log_path(settings_.data, keeper->part.name),
            .restarts = keeper->restarts.restarts(),
            .started_at =
                std::chrono::floor<std::chrono::seconds>(keeper->started_wall).time_since_epoch().count(),
        });
    if (const auto saved = save(run, run_record_path(settings_.data)); !saved) say(saved.error().message());
}

void Supervisor::say(std::string_view text) {
    show(fmt::format("{}\n", text));
}

}  // namespace flotilla::fleet
