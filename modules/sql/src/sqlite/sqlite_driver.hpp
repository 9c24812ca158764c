#pragma once
// SQLite: a file (or memory) that every connection opens for itself, in WAL mode.

#include <sqlite3.h>

#include <memory>

#include "flotilla/sql/driver.hpp"

namespace flotilla::sql {

class SqliteDriver final : public Driver {
public:
    SqliteDriver(DatabaseUrl url, const DataSourceConfig& config, const Clock& clock);

    [[nodiscard]] const DriverInfo& info() const noexcept override { return info_; }

    Result<std::unique_ptr<Connection>> connect(Deadline deadline) override;

private:
    const DatabaseUrl url_;
    const SqliteConfig config_;
    const std::size_t max_result_;
    const Clock& clock_;
    DriverInfo info_;
};

/// What SQLite's result code means, with the constraint or the table that its message names.
Error sqlite_error(sqlite3* database, int code);

}  // namespace flotilla::sql
