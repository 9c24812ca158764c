#pragma once
/// The sixth invariant, over a folder of logs.

#include <cstdint>
#include <string>

#include "flotilla/base/result.hpp"
#include "flotilla/shop/driver/invariants.hpp"
#include "flotilla/shop/driver/log_scan.hpp"

namespace flotilla::shop {

struct LogFindings {
    std::uint64_t files = 0;
    std::uint64_t lines = 0;
    driver::Violations violations;
};

Result<LogFindings> scan_logs(const std::string& folder, const driver::LogScan& scan);

}  // namespace flotilla::shop
