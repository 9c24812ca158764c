// Users of the shop, as many as one likes: registers them, lets them browse, order and look, and says how
// long it took.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "flotilla/shop/driver/arguments.hpp"
#include "flotilla/shop/driver/json_output.hpp"
#include "load_run.hpp"

namespace flotilla::shop {

namespace {

constexpr int misunderstood = 2;
constexpr std::string_view help = R"(usage: shop-load [options]

Users of the shop: they register and log in during the ramp, then browse, order and look at their orders until the time
is over. Orders carry an Idempotency-Key and are sent again with it when their answer is lost. Ctrl-C ends early, with
the report.

)";

int refuse(const Error& error) {
    fmt::print(stderr, "shop-load: {}\n", error.message());
    return misunderstood;
}

Task<int> run(LoadRun& load, const LoadOptions& options) {
    const auto report = co_await load.run();
    if (!report) {
        fmt::print(stderr, "shop-load: {}\n", report.error().message());
        co_return 1;
    }
    if (!options.quiet) fmt::print(stderr, "\r\033[K");
    if (options.json != "-") fmt::print("{}", driver::to_table(*report));
    if (options.json.empty() || driver::write_json(*report, options.json)) co_return 0;
    fmt::print(stderr, "shop-load: cannot write {}\n", options.json);
    co_return 1;
}

int main_of(int argc, const char* const* argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    auto options = driver::parse_arguments<LoadOptions>(words);
    if (!options) return refuse(options.error());
    if (options->help) {
        fmt::print("{}{}", help, driver::list_options(driver::options_of<LoadOptions>()));
        return 0;
    }
    if (const char* secret = std::getenv("TOKEN_SECRET"); secret != nullptr && options->token_secret.empty())
        options->token_secret = secret;
    const auto mix = driver::Mix::parse(options->mix);
    if (!mix) return refuse(mix.error());
    std::optional<driver::JournalWriter> journal;
    if (!options->journal.empty()) {
        auto opened = driver::JournalWriter::open(options->journal);
        if (!opened) return refuse(opened.error());
        journal.emplace(*std::move(opened));
    }
    runtime::RuntimeConfig config;
    config.loops = 1;
    runtime::Runtime runtime(config);
    LoadRun load(runtime, *options, *mix, journal ? &*journal : nullptr);
    const int code = runtime.run(run(load, *options));
    if (!journal) return code;
    const auto closed = journal->close();
    if (!closed) fmt::print(stderr, "shop-load: {}\n", closed.error().message());
    return closed ? code : 1;
}

}  // namespace

}  // namespace flotilla::shop

int main(int argc, char** argv) {
    return flotilla::shop::main_of(argc, argv);
}
