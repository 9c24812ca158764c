#pragma once
/// Which faults hit a fleet, and when: all of it follows from a seed.

#include <cstdint>
#include <string>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/reflect/describe.hpp"

namespace flotilla::shop::driver {

enum class FaultKind : std::uint8_t {
    kill,  ///< SIGKILL; the supervisor starts the part again
    stop,  ///< SIGSTOP, and SIGCONT after a while
    flag,  ///< a `shop.fault.*` property, and its absence after a while
};

FLT_DESCRIBE_ENUM(FaultKind, kill, stop, flag)

/// A property that makes a service ail: `order:order.get.delay-ms=2000`.
struct FaultFlag {
    std::string group;     ///< the parts that it is for: `order` is `order`, `order-1`, `order-2`
    std::string property;  ///< `shop.fault.order.get.delay-ms`
    std::string value;

    friend bool operator==(const FaultFlag&, const FaultFlag&) = default;
};

struct Fault {
    Duration at{};  ///< since the start
    FaultKind kind = FaultKind::kill;
    std::string part;
    Duration length{};  ///< of a stop or a flag
    FaultFlag flag{};

    friend bool operator==(const Fault&, const Fault&) = default;
};

struct FaultPlanOptions {
    std::uint64_t seed = 1;
    Duration duration = std::chrono::seconds(60);
    /// Between the end of one fault and the next, on average: time to recover, and to be seen well.
    Duration pause = std::chrono::seconds(4);
    Duration longest = std::chrono::seconds(4);  ///< of stops and flags
    std::vector<std::string> parts;
    std::vector<FaultFlag> flags;
    std::vector<FaultKind> kinds{FaultKind::kill, FaultKind::stop, FaultKind::flag};
};

/// One fault at a time. Every part is hit once before one is hit twice. The same options give the same plan.
std::vector<Fault> make_fault_plan(const FaultPlanOptions& options);

/// `order:order.get.delay-ms=2000,catalog:catalog.get.error-rate=0.3`
Result<std::vector<FaultFlag>> parse_fault_flags(std::string_view text);

/// `kill,stop,flag`
Result<std::vector<FaultKind>> parse_fault_kinds(std::string_view text);

/// Whether a part is one of a group.
bool is_of_group(std::string_view part, std::string_view group) noexcept;

}  // namespace flotilla::shop::driver
