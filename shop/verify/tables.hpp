#pragma once
/// The shop's tables, as they are now.

#include <memory>
#include <string>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/shop/driver/invariants.hpp"
#include "flotilla/sql/database.hpp"
#include "verify_options.hpp"

namespace flotilla::shop {

class Tables {
public:
    /// Null when the options name no database.
    static Task<Result<std::unique_ptr<Tables>>> open(
        runtime::Runtime& runtime, const VerifyOptions& options
    );

    Task<Result<std::vector<driver::OrderRow>>> orders();
    Task<Result<std::vector<driver::KeyRow>>> keys();
    Task<Result<std::vector<driver::Product>>> products();
    Task<Result<std::vector<driver::ReservationRow>>> reservations();

private:
    Tables() = default;

    std::unique_ptr<sql::Database> orders_;
    std::unique_ptr<sql::Database> catalog_;
};

}  // namespace flotilla::shop
