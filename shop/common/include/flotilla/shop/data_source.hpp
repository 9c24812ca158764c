#pragma once
/// The database of a service: opened and brought up to date at the start, closed at the end, told of in
/// `/actuator/health`.

#include <memory>
#include <span>

#include "flotilla/actuator/health.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/sql/config.hpp"
#include "flotilla/sql/database.hpp"
#include "flotilla/sql/migration.hpp"

namespace flotilla::shop {

/// Statements are made between `open` and `close`; the service lets nobody in before and after.
class DataSource {
public:
    /// `migrations` outlive it.
    DataSource(
        runtime::Runtime& runtime,
        sql::DataSourceConfig config,
        sql::Telemetry telemetry,
        std::span<const sql::Migration> migrations
    );

    /// The folder of an SQLite file is made when it is not there.
    Task<Result<void>> open();

    void close() noexcept { database_.reset(); }

    [[nodiscard]] sql::Database& operator*() const noexcept { return *database_; }

    [[nodiscard]] sql::Database* operator->() const noexcept { return database_.get(); }

    /// The contributor `db`.
    [[nodiscard]] Task<actuator::Health> health() const;

private:
    runtime::Runtime& runtime_;
    sql::DataSourceConfig config_;
    sql::Telemetry telemetry_;
    std::span<const sql::Migration> migrations_;
    std::unique_ptr<sql::Database> database_;
};

/// What a client is told of an error of the database; the reason goes to the log.
Problem database_problem(const Error& error, const log::Logger& log);

}  // namespace flotilla::shop
