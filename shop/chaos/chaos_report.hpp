#pragma once
/// The timeline of a chaos run.

#include <cstdint>
#include <string>
#include <vector>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/shop/driver/fault_plan.hpp"

namespace flotilla::shop {

struct FaultRecord {
    double at_seconds = 0;  ///< when it struck
    driver::FaultKind kind = driver::FaultKind::kill;
    std::string part;
    std::int64_t pid = 0;
    double length_seconds = 0;
    std::string property;       ///< `shop.fault.order.get.delay-ms=1500`
    double healed_seconds = 0;  ///< from its end until the part was well
    std::string trouble;        ///< why it could not strike, or did not heal; empty: all as planned
};

FLT_DESCRIBE(
    FaultRecord,
    at_seconds,
    kind,
    part,
    pid,
    length_seconds,
    (property, omit_empty),
    healed_seconds,
    (trouble, omit_empty)
)

struct ChaosReport {
    std::uint64_t seed = 0;
    bool healed = false;  ///< every part is well in the end
    std::vector<FaultRecord> faults;
};

FLT_DESCRIBE(ChaosReport, seed, healed, faults)

/// `  12.3 s  stop  order-1 (pid 77) for 2.1 s`
std::string announce(double at_seconds, const driver::Fault& fault, std::int64_t pid);
/// `          order-1 well again after 0.42 s`
std::string outcome(const FaultRecord& fault);

}  // namespace flotilla::shop
