#pragma once
/// One look at the shop, and what is wrong with it.

#include <cstdint>
#include <string>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/http/client.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/shop/driver/invariants.hpp"
#include "tables.hpp"
#include "verify_options.hpp"

namespace flotilla::shop {

/// What was looked at, in numbers, and what was found. `skipped` says what could not be checked, and why.
struct VerifyReport {
    bool ok = true;
    std::uint64_t acknowledged = 0;  ///< orders that the journal knows to be there
    std::uint64_t unknown = 0;       ///< orders that nobody knows about
    std::uint64_t orders = 0;        ///< rows, or orders listed when there are no tables
    std::uint64_t reservations = 0;
    std::uint64_t lists = 0;  ///< of orders, asked for over HTTP
    std::uint64_t log_lines = 0;
    double settled_after_seconds = 0;
    std::vector<std::string> skipped;
    std::uint64_t violation_count = 0;
    driver::Violations violations;  ///< the first of them
};

FLT_DESCRIBE(
    VerifyReport,
    ok,
    acknowledged,
    unknown,
    orders,
    reservations,
    lists,
    log_lines,
    settled_after_seconds,
    skipped,
    violation_count,
    violations
)

class Verification {
public:
    Verification(runtime::Runtime& runtime, VerifyOptions options);

    /// An error when it could not look: the gateway does not answer, a database is not there.
    Task<Result<VerifyReport>> run();

private:
    Task<Result<void>> read_lists();
    Task<Result<void>> ask_all(std::string base);
    Task<Result<void>> read_tables();
    Task<Result<void>> rows_from_lists();
    Task<Result<void>> settle();
    Result<void> read_logs();
    void judge();
    void add(driver::Violations violations);

    runtime::Runtime& runtime_;
    VerifyOptions options_;
    http::Client client_;
    std::unique_ptr<Tables> tables_;
    driver::StockByProduct initial_;
    std::vector<driver::JournalLine> journal_;
    std::vector<driver::OrderList> lists_;
    std::vector<driver::OrderRow> orders_;
    std::vector<driver::KeyRow> keys_;
    std::vector<driver::Product> products_;
    std::vector<driver::ReservationRow> reservations_;
    VerifyReport report_;
};

std::string to_text(const VerifyReport& report);

}  // namespace flotilla::shop
