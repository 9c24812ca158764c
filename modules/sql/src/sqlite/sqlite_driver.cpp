#include "sqlite_driver.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "sqlite_connection.hpp"

namespace flotilla::sql {

SqliteDriver::SqliteDriver(DatabaseUrl url, const DataSourceConfig& config, const Clock& clock)
    : url_(std::move(url)), config_(config.sqlite), max_result_(config.max_result_size.count), clock_(clock) {
    info_.dialect = Dialect(Product::sqlite);
    info_.service =
        "sqlite-" + (url_.in_memory() ? "memory" : std::filesystem::path(url_.file).stem().string());
    info_.single_writer = true;
    info_.single_connection = url_.in_memory();
}

Result<std::unique_ptr<Connection>> SqliteDriver::connect(Deadline deadline) {
    const std::filesystem::path folder = std::filesystem::path(url_.file).parent_path();
    if (!url_.in_memory() && !folder.empty()) {
        std::error_code failure;
        std::filesystem::create_directories(folder, failure);
        if (failure)
            return fail(
                SqlErrc::failed,
                fmt::format("cannot make the folder {}: {}", folder.string(), failure.message())
            );
    }

    sqlite3* opened = nullptr;
    // One thread at a time uses a connection, so SQLite needs no locks of its own.
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                          SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(url_.file.c_str(), &opened, flags, nullptr);
    SqliteHandle database(opened);
    if (code != SQLITE_OK)
        return fail(SqlErrc::failed, fmt::format("cannot open {}: {}", url_.file, sqlite3_errstr(code)));
    // "x" is a name and never a text, as in the standard and in MariaDB.
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);

    auto connection = std::make_unique<SqliteConnection>(
        std::move(database), clock_, saturated(config_.busy_timeout), max_result_
    );
    const std::string settings[] = {
        "pragma journal_mode = wal",
        fmt::format("pragma synchronous = {}", config_.synchronous == Synchronous::full ? "full" : "normal"),
        "pragma foreign_keys = on",
        "pragma temp_store = memory",
        // The journal is cut back to this after a checkpoint, once it has grown beyond.
        "pragma journal_size_limit = 67108864",
        fmt::format("pragma cache_size = -{}", std::max<std::uint64_t>(config_.cache_size.count / 1024, 64)),
    };
    for (const std::string& setting : settings) {
        auto done = connection->command(setting.c_str(), deadline);
        if (!done) return flotilla::fail(done.error().within(url_.file));
    }
    return connection;
}

}  // namespace flotilla::sql
