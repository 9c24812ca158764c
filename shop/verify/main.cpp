// Says whether what must hold in the shop does, whatever happened to it. The exit code is 1 when it does not,
// 2 when one could not look.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/driver/arguments.hpp"
#include "flotilla/shop/driver/json_output.hpp"
#include "verification.hpp"

namespace flotilla::shop {

namespace {

constexpr int violated = 1;
constexpr int could_not_look = 2;
constexpr std::string_view help = R"(usage: shop-verify [options]

Checks the invariants of the shop against the journal of a load run: every order that was acknowledged is there exactly
once, the stock is what was there less what is reserved, every order has come to its end, all order instances tell the
same, and no log holds a secret.

)";

int refuse(const Error& error) {
    fmt::print(stderr, "shop-verify: {}\n", error.message());
    return could_not_look;
}

Task<int> run(Verification& verification, const VerifyOptions& options) {
    const auto report = co_await verification.run();
    if (!report) co_return refuse(report.error());
    if (options.json != "-") fmt::print("{}", to_text(*report));
    if (!options.json.empty() && !driver::write_json(*report, options.json))
        co_return refuse(Error(Errc::io, "cannot write " + options.json));
    co_return report->ok ? 0 : violated;
}

int main_of(int argc, const char* const* argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    auto options = driver::parse_arguments<VerifyOptions>(words);
    if (!options) return refuse(options.error());
    if (options->help) {
        fmt::print("{}{}", help, driver::list_options(driver::options_of<VerifyOptions>()));
        return 0;
    }
    if (const char* password = std::getenv("DB_PASSWORD");
        password != nullptr && options->db_password.empty())
        options->db_password = reflect::Secret(password);
    runtime::RuntimeConfig config;
    config.loops = 1;
    runtime::Runtime runtime(config);
    Verification verification(runtime, *options);
    return runtime.run(run(verification, *options));
}

}  // namespace

}  // namespace flotilla::shop

int main(int argc, char** argv) {
    return flotilla::shop::main_of(argc, argv);
}
