#pragma once
/// The command line of shop-chaos.

#include <chrono>
#include <cstdint>
#include <string>

#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop {

struct ChaosOptions {
    std::string data = "data";
    std::uint64_t seed = 1;
    std::chrono::milliseconds duration{60'000};
    std::chrono::milliseconds pause{4'000};
    std::chrono::milliseconds longest{4'000};
    std::string kinds = "kill,stop,flag";
    std::string flags =
        "order:order.get.delay-ms=1500,order:order.get.error-rate=0.5,catalog:catalog.get.delay-ms=1500,"
        "catalog:catalog.get.error-rate=0.5";
    std::string only;
    std::string without;
    std::chrono::milliseconds heal{30'000};
    std::string token_secret;
    std::string json;
    bool print = false;
    bool help = false;
};

FLT_DESCRIBE_CONFIG(
    ChaosOptions,
    (data, "Data folder of the fleet that runs, as in 'flotilla up --data' (data)."),
    (seed, "The same seed gives the same faults in the same order (1)."),
    (duration, "How long faults begin (60s)."),
    (pause, "From the end of one fault to the next, on average (4s)."),
    (longest, "Of a stop or a flag (4s)."),
    (kinds, "kill, stop, flag: which faults there are."),
    (flags,
     "Fault flags: order:order.get.delay-ms=1500,... sets shop.fault.order.get.delay-ms in an order service."
    ),
    (only, "Parts, or groups of them, that may be hit; none named: all."),
    (without, "Parts, or groups of them, that are spared."),
    (heal, "How long a part may take to be well again (30s)."),
    (token_secret,
     "The shop's token.secret, to set flags as an admin; or the variable TOKEN_SECRET; otherwise the one in "
     "the data folder."),
    (json, "Writes the timeline as JSON to this file; - is the standard output."),
    (print, "Shows the plan and does nothing."),
    (help, "This text.")
)

}  // namespace flotilla::shop
