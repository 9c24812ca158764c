#include "chaos_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include "flotilla/base/text.hpp"
#include "flotilla/shop/driver/shop_requests.hpp"

namespace flotilla::shop {

using namespace std::chrono_literals;
using driver::Fault;
using driver::FaultKind;

namespace {

constexpr Duration look_interval = 50ms;

http::ClientConfig client_config() {
    http::ClientConfig config;
    config.name = "chaos";
    config.user_agent = "shop-chaos";
    config.timeouts.connect = 500ms;
    config.timeouts.response = 1s;
    config.timeouts.total = 1s;
    return config;
}

void say(const std::string& line, const ChaosOptions& options) {
    std::FILE* to = options.json == "-" ? stderr : stdout;
    fmt::print(to, "{}\n", line);
    std::fflush(to);
}

}  // namespace

ChaosRun::ChaosRun(runtime::Runtime& runtime, ChaosOptions options)
    : runtime_(runtime), options_(std::move(options)), client_(runtime, client_config()) {}

bool ChaosRun::may_be_hit(const std::string& part) const {
    const auto named_in = [&](const std::string& list) {
        return std::ranges::any_of(split_list(list), [&](std::string_view group) {
            return driver::is_of_group(part, group);
        });
    };
    return (options_.only.empty() || named_in(options_.only)) && !named_in(options_.without);
}

Result<std::vector<Fault>> ChaosRun::plan() const {
    FLT_TRY(const auto record, fleet::load_run_record(fleet::run_record_path(options_.data)));
    driver::FaultPlanOptions wanted{
        .seed = options_.seed,
        .duration = options_.duration,
        .pause = options_.pause,
        .longest = options_.longest,
        .parts = {},
        .flags = {},
    };
    for (const auto& part : record.parts)
        if (may_be_hit(part.name)) wanted.parts.push_back(part.name);
    if (wanted.parts.empty()) return fail(Errc::not_found, "no part of the fleet may be hit");
    FLT_TRY(wanted.flags, driver::parse_fault_flags(options_.flags));
    FLT_TRY(wanted.kinds, driver::parse_fault_kinds(options_.kinds));
    return driver::make_fault_plan(wanted);
}

Task<Result<ChaosReport>> ChaosRun::run() {
    FLT_CO_TRY(const auto faults, plan());
    report_.seed = options_.seed;
    began_ = now();
    runtime::TaskScope watchers(runtime_.loop(0));
    watchers.spawn("signals", watch_signals());
    for (const Fault& fault : faults) {
        co_await pause_until(began_ + fault.at);
        if (over_) break;
        co_await strike(fault);
    }
    co_await pause_until(began_ + options_.duration);
    const Deadline deadline = Deadline::after(now(), options_.heal);
    while (true) {
        report_.healed = co_await all_well();
        if (report_.healed || deadline.passed(now())) break;
        co_await runtime::sleep_for(look_interval);
    }
    co_await watchers.stop();
    co_return std::move(report_);
}

Task<> ChaosRun::strike(Fault fault) {
    FaultRecord record;
    record.at_seconds = seconds_since(began_);
    record.kind = fault.kind;
    record.part = fault.part;
    record.length_seconds = std::chrono::duration<double>(fault.length).count();
    if (fault.kind == FaultKind::flag)
        record.property = fmt::format("{}={}", fault.flag.property, fault.flag.value);
    auto patient = Patient::find(options_.data, fault.part, client_);
    if (patient) record.pid = patient->process().pid;
    say(announce(record.at_seconds, fault, record.pid), options_);
    if (!patient) {
        record.trouble = patient.error().message();
    } else if (fault.kind == FaultKind::kill) {
        const fleet::ProcessId gone = patient->process();
        if (const auto killed = patient->send_signal(SIGKILL); !killed)
            record.trouble = killed.error().message();
        co_await await_well(fault.part, gone, record);
    } else if (fault.kind == FaultKind::stop) {
        co_await stop_for(*patient, fault, record);
    } else {
        co_await flag_for(*patient, fault, record);
    }
    say(outcome(record), options_);
    report_.faults.push_back(std::move(record));
}

Task<> ChaosRun::stop_for(Patient patient, Fault fault, FaultRecord& record) {
    if (const auto stopped = patient.send_signal(SIGSTOP); !stopped) {
        record.trouble = stopped.error().message();
        co_return;
    }
    co_await pause_until(now() + fault.length);
    // Whatever became of it meanwhile, nobody is left stopped.
    if (const auto goes_on = patient.send_signal(SIGCONT); !goes_on)
        record.trouble = goes_on.error().message();
    const fleet::ProcessId nobody;
    co_await await_well(fault.part, nobody, record);
}

Task<> ChaosRun::flag_for(Patient patient, Fault fault, FaultRecord& record) {
    const std::string token = token_of_now();
    const auto set = co_await patient.set(fault.flag, token);
    if (!set) {
        record.trouble = "not set: " + set.error().message();
        co_return;
    }
    co_await pause_until(now() + fault.length);
    // A part that ails may be slow to listen.
    auto reset = co_await patient.reset(token);
    for (int tries = 0; !reset && tries < 20; ++tries) {
        co_await runtime::sleep_for(look_interval);
        reset = co_await patient.reset(token);
    }
    if (!reset) record.trouble = "not taken back: " + reset.error().message();
    const fleet::ProcessId nobody;
    co_await await_well(fault.part, nobody, record);
}

std::string ChaosRun::token_of_now() const {
    if (options_.token_secret.empty()) return {};
    return driver::admin_token(options_.token_secret, runtime_.clock().wall_now()).value_or("");
}

Task<> ChaosRun::await_well(std::string part, fleet::ProcessId gone, FaultRecord& record) {
    const TimePoint from = now();
    const Deadline deadline = Deadline::after(from, options_.heal);
    while (!deadline.passed(now())) {
        // The supervisor replaces the record as a whole; the new process stands in it once it is there.
        const auto patient = Patient::find(options_.data, part, client_);
        if (patient && patient->process() != gone) {
            if (const bool well = co_await patient->well(); well) {
                record.healed_seconds = seconds_since(from);
                co_return;
            }
        }
        co_await runtime::sleep_for(look_interval);
    }
    if (record.trouble.empty())
        record.trouble = fmt::format("{} is not well after {} s", part, options_.heal / 1s);
}

Task<bool> ChaosRun::all_well() {
    const auto record = fleet::load_run_record(fleet::run_record_path(options_.data));
    if (!record) co_return false;
    for (const auto& part : record->parts) {
        const auto patient = Patient::find(options_.data, part.name, client_);
        if (!patient) co_return false;
        if (const bool well = co_await patient->well(); !well) co_return false;
    }
    co_return true;
}

Task<> ChaosRun::watch_signals() {
    while (true) {
        co_await runtime_.next_signal();
        over_ = true;
        ended_.notify_all();
    }
}

Task<> ChaosRun::pause_until(TimePoint at) {
    while (!over_ && now() < at) co_await ended_.wait(Deadline(at));
}

double ChaosRun::seconds_since(TimePoint then) const {
    return std::chrono::duration<double>(now() - then).count();
}

}  // namespace flotilla::shop
