#pragma once
// One open SQLite database with its prepared statements.

#include <sqlite3.h>

#include <atomic>
#include <memory>
#include <string>

#include "../statement_cache.hpp"
#include "flotilla/sql/driver.hpp"

namespace flotilla::sql {

struct CloseSqlite {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};

struct FinalizeSqlite {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, FinalizeSqlite>;

class SqliteConnection final : public Connection {
public:
    SqliteConnection(
        SqliteHandle database, const Clock& clock, Duration busy_timeout, std::size_t max_result
    );

    Result<Rows> execute(const Statement& statement, Deadline deadline) override;
    Result<void> begin(Access access, Deadline deadline) override;
    Result<void> commit(Deadline deadline) override;
    Result<void> rollback() override;
    [[nodiscard]] bool in_transaction() const noexcept override;
    Result<void> ping(Deadline deadline) override;

    [[nodiscard]] bool looks_alive() noexcept override { return true; }

    void cancel() noexcept override;

    void rearm() noexcept override { cancelled_ = false; }

    [[nodiscard]] bool broken() const noexcept override { return broken_; }

    /// A statement without values or rows of interest.
    Result<void> command(const char* text, Deadline deadline);

private:
    Result<sqlite3_stmt*> prepare(const std::string& text);
    Result<Rows> step_through(sqlite3_stmt* statement);
    Result<void> bind(sqlite3_stmt* statement, const Statement& from);
    /// Waits a moment; false when the deadline has come or somebody cancelled. `count` waits were before.
    bool wait_for_lock(int count) noexcept;
    void start(Deadline deadline) noexcept;

    const Clock& clock_;
    const Duration busy_timeout_;
    const std::size_t max_result_;
    SqliteHandle database_;
    StatementCache<SqliteStatement> statements_;  // gone before the database
    std::atomic<bool> cancelled_{false};
    Deadline deadline_;
    bool broken_ = false;
    bool query_only_ = false;
};

}  // namespace flotilla::sql
