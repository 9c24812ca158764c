#pragma once
/// Users in their database: SQLite or MariaDB, the same statements.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "flotilla/shop/data_source.hpp"
#include "flotilla/shop/page.hpp"
#include "flotilla/shop/user/user.hpp"

namespace flotilla::shop::user {

/// Statements over an open data source.
class UserRepository {
public:
    /// `source` outlives it. A statement that takes longer than `limit` is stopped, whatever its caller's
    /// deadline.
    explicit UserRepository(const DataSource& source, Duration limit = std::chrono::seconds(2))
        : source_(source), limit_(limit) {}

    /// Users in the order in which they came, at most `limit` of them (none: all).
    [[nodiscard]] Task<Result<std::vector<User>>> page(std::optional<std::int64_t> limit, std::string after)
        const;
    [[nodiscard]] Task<Result<std::optional<User>>> find(std::string user_id) const;
    [[nodiscard]] Task<Result<std::optional<User>>> find_by_email(std::string email) const;

    /// False when the e-mail is taken.
    [[nodiscard]] Task<Result<bool>> add(User user) const;
    /// False when somebody else has changed it meanwhile: `user.version` is the one after the one read.
    [[nodiscard]] Task<Result<bool>> rename(User user) const;

private:
    const DataSource& source_;
    Duration limit_;
};

}  // namespace flotilla::shop::user
