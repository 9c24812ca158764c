#include "flotilla/sql/driver.hpp"

#include "mariadb/mariadb_driver.hpp"
#include "sqlite/sqlite_driver.hpp"

namespace flotilla::sql {

Result<Rows> Connection::execute_all(std::span<const Statement> statements, Deadline deadline) {
    Rows sum;
    for (const Statement& statement : statements) {
        FLT_TRY(const Rows rows, execute(statement, deadline));
        sum.changes += rows.changes;
    }
    return sum;
}

Result<std::unique_ptr<Driver>> make_driver(const DataSourceConfig& config, const Clock& clock) {
    FLT_TRY(const DatabaseUrl url, DatabaseUrl::parse(config.url));
    switch (url.product) {
        case Product::sqlite:
            return std::make_unique<SqliteDriver>(url, config, clock);
        case Product::mariadb:
            return std::make_unique<MariadbDriver>(url, config, clock);
    }
    return flotilla::fail(flotilla::Errc::unsupported);
}

}  // namespace flotilla::sql
