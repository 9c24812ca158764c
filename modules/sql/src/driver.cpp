#include "flotilla/sql/driver.hpp"

#include "sqlite/sqlite_driver.hpp"

namespace flotilla::sql {

Result<std::unique_ptr<Driver>> make_driver(const DataSourceConfig& config, const Clock& clock) {
    FLT_TRY(const DatabaseUrl url, DatabaseUrl::parse(config.url));
    switch (url.product) {
        case Product::sqlite:
            return std::make_unique<SqliteDriver>(url, config, clock);
        case Product::mariadb:
            break;
    }
    return flotilla::fail(flotilla::Errc::unsupported, "this build has no driver for MariaDB");
}

}  // namespace flotilla::sql
