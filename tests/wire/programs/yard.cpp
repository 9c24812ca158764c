// A service that takes its time, fails on request, runs jobs and starts slowly: for test_service.py.

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "flotilla/service/service.hpp"

using namespace flotilla;
using namespace std::chrono_literals;

namespace {

struct YardConfig {
    std::string name = "unnamed";
    int docks = 1;
    std::chrono::milliseconds start_delay{0};
    bool start_fails = false;
    bool jobs = false;
    bool announced = false;
};

FLT_DESCRIBE_CONFIG(
    YardConfig,
    (name, "What the yard is called."),
    (docks, "How many ships fit.", min(1), max(9)),
    (start_delay, "How long the start-up task takes."),
    (start_fails, "Whether it fails."),
    (jobs, "Whether there are scheduled jobs."),
    (announced, "Whether the service is announced somewhere.")
)

Task<std::string> slow(Path<"ms", std::uint32_t> ms) {
    co_await runtime::sleep_for(std::chrono::milliseconds(*ms));
    co_return "done\n";
}

/// Holds a thread of the pool.
Task<std::string> block(Service& service, std::uint32_t ms) {
    const auto nap = [ms] { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
    const auto slept = co_await service.blocking(nap);
    co_return std::string(slept ? "slept\n" : "no room\n");
}

Task<Result<void>> fill_the_dock(const YardConfig& config) {
    co_await runtime::sleep_for(config.start_delay);
    if (config.start_fails) co_return fail(Errc::unavailable, "no water in the dock");
    co_return Result<void>();
}

Task<> inspect() {
    co_await runtime::sleep_for(1ms);
    throw std::runtime_error("rust");
}

Task<> announce() {
    co_return;
}

std::string throws() {
    throw std::runtime_error("the crane broke");
}

}  // namespace

int main(int argc, char** argv) {
    Service service("yard", argc, argv);
    const auto config = service.bind<YardConfig>("yard");
    const log::Logger log = service.logger("wire.yard");

    service.get("/config", [&] { return config; });
    service.get("/slow/{ms}", slow);
    service.get("/throws", throws);
    service.get("/log", [&] { log.info("inside a request"); });
    service.get("/blocking/{ms}", [&](Path<"ms", std::uint32_t> ms) { return block(service, *ms); });

    if (config.start_delay > 0ms || config.start_fails)
        service.on_start([&] { return fill_the_dock(config); });
    service.on_stop([&] { log.info("the gates are shut"); });
    if (config.jobs) {
        service.every(50ms, "Tide.turnAround", [&] { log.info("the tide turns"); });
        service.after_each(50ms, "Crane.inspect", inspect);
        service.cron("0 0 3 * * *", "Dock.sweep", [] {});
    }
    if (config.announced) service.on_readiness([](bool) { return announce(); });
    return service.run();
}
