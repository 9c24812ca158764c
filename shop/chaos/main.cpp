// Kills, stops and spoils parts of a fleet that 'flotilla up' runs, by chance that can be repeated. The exit
// code is 1 when a part is not well in the end.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

#include "chaos_run.hpp"
#include "flotilla/shop/driver/arguments.hpp"
#include "flotilla/shop/driver/json_output.hpp"

namespace flotilla::shop {

namespace {

constexpr int not_healed = 1;
constexpr int misunderstood = 2;
constexpr std::string_view help = R"(usage: shop-chaos [options]

Kills (-9), stops and spoils parts of a running fleet, one at a time, in an order that follows from the seed, and leaves
everything healed. Run shop-load beside it, and shop-verify after it.

)";

int refuse(const Error& error) {
    fmt::print(stderr, "shop-chaos: {}\n", error.message());
    return misunderstood;
}

Task<int> run(ChaosRun& chaos, const ChaosOptions& options) {
    const auto report = co_await chaos.run();
    if (!report) co_return refuse(report.error());
    if (!options.json.empty() && !driver::write_json(*report, options.json))
        co_return refuse(Error(Errc::io, "cannot write " + options.json));
    fmt::print(
        stderr, "{} faults; {}\n", report->faults.size(), report->healed ? "all well" : "NOT all well"
    );
    co_return report->healed ? 0 : not_healed;
}

int show_plan(const ChaosRun& chaos) {
    const auto plan = chaos.plan();
    if (!plan) return refuse(plan.error());
    for (const driver::Fault& fault : *plan)
        fmt::print("{}\n", announce(std::chrono::duration<double>(fault.at).count(), fault, 0));
    return 0;
}

/// The command line's, the environment's, or the one that `flotilla up` has made.
std::string secret_for(const ChaosOptions& options) {
    if (!options.token_secret.empty()) return options.token_secret;
    if (const char* secret = std::getenv("TOKEN_SECRET"); secret != nullptr) return secret;
    std::ifstream file(options.data + "/secrets/token");
    std::string secret;
    std::getline(file, secret);
    return secret;
}

int main_of(int argc, const char* const* argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    auto options = driver::parse_arguments<ChaosOptions>(words);
    if (!options) return refuse(options.error());
    if (options->help) {
        fmt::print("{}{}", help, driver::list_options(driver::options_of<ChaosOptions>()));
        return 0;
    }
    options->token_secret = secret_for(*options);
    runtime::RuntimeConfig config;
    config.loops = 1;
    runtime::Runtime runtime(config);
    ChaosRun chaos(runtime, *options);
    if (options->print) return show_plan(chaos);
    return runtime.run(run(chaos, *options));
}

}  // namespace

}  // namespace flotilla::shop

int main(int argc, char** argv) {
    return flotilla::shop::main_of(argc, argv);
}
