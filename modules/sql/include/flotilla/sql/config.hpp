#pragma once
/// `spring.datasource.*` with HikariCP's names, and the URLs that it takes.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/base/units.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/reflect/secret.hpp"
#include "flotilla/reflect/types.hpp"
#include "flotilla/sql/dialect.hpp"

namespace flotilla::sql {

/// `spring.datasource.hikari.*`
struct PoolConfig {
    std::string pool_name = "HikariPool-1";
    std::size_t maximum_pool_size = 10;
    std::size_t minimum_idle = 1;
    std::size_t maximum_pending = 1000;
    std::chrono::milliseconds connection_timeout{30'000};
    std::chrono::milliseconds validation_timeout{5'000};
    std::chrono::milliseconds idle_timeout{600'000};
    std::chrono::milliseconds max_lifetime{1'800'000};
    std::chrono::milliseconds initialization_fail_timeout{1};
};

FLT_DESCRIBE_CONFIG(
    PoolConfig,
    (pool_name, "Label of its meters."),
    (maximum_pool_size, "Connections at most.", min(1), max(1000)),
    (minimum_idle, "Connections kept when nobody needs them."),
    (maximum_pending, "Callers that may wait for a connection; more are refused.", min(1)),
    (connection_timeout, "How long a caller waits for a connection.", min(std::chrono::milliseconds(1))),
    (validation_timeout, "How long a connection may take to say that it lives, and a new one to open."),
    (idle_timeout, "After so long without use a connection is closed; 0: never."),
    (max_lifetime, "After so long a connection is replaced; 0: never."),
    (initialization_fail_timeout, "How long the start tries to connect; negative: it does not.")
)

/// SQLite's `synchronous`. With `normal` a commit survives the end of the process, in whatever way (kill -9);
/// a loss of power may undo the last ones, without harm to the file. `full` survives that too, for a sync
/// each.
enum class Synchronous { normal, full };
FLT_DESCRIBE_ENUM(Synchronous, normal, full)

/// `spring.datasource.sqlite.*`, of our own.
struct SqliteConfig {
    Synchronous synchronous = Synchronous::normal;
    std::chrono::milliseconds busy_timeout{30'000};
    Bytes cache_size = Bytes::mega(2);
};

FLT_DESCRIBE_CONFIG(
    SqliteConfig,
    (synchronous, "normal: survives kill -9; full: survives a loss of power too."),
    (busy_timeout, "How long a migration without a deadline waits for another process's lock."),
    (cache_size, "Page cache of each connection.")
)

/// `spring.datasource.*`
struct DataSourceConfig {
    std::string url;
    std::string username;
    reflect::Secret password;
    std::string driver_class_name;
    Bytes max_result_size = Bytes::mega(64);
    std::chrono::milliseconds statement_timeout{30'000};
    PoolConfig hikari;
    SqliteConfig sqlite;
};

FLT_DESCRIBE_CONFIG(
    DataSourceConfig,
    (url, "sqlite:FILE, jdbc:mariadb://HOST:PORT/DATABASE or jdbc:mysql://...", not_blank),
    (username, "Who connects; for SQLite nobody."),
    (password, "The password."),
    (driver_class_name, "Taken for Spring's sake; the URL says it."),
    (max_result_size, "A result that is larger is an error."),
    (statement_timeout,
     "A statement is stopped after so long, if its deadline does not come before; 0: never."),
    (hikari, "The pool."),
    (sqlite, "Of SQLite only.")
)

/// A data source URL taken apart. `jdbc:` in front is optional:
/// `sqlite:data/user.sqlite`, `sqlite::memory:`, `mariadb://host[:3306]/db?k=v`, `mysql://...`.
struct DatabaseUrl {
    Product product = Product::sqlite;
    std::string file;  ///< SQLite; `:memory:` for one that lives as long as its Database
    std::string host;
    std::uint16_t port = 3306;
    std::string database;
    std::map<std::string, std::string> parameters;

    /// The error does not repeat the URL, which may hold a password.
    static Result<DatabaseUrl> parse(std::string_view url);

    [[nodiscard]] bool in_memory() const noexcept { return file == ":memory:"; }
};

}  // namespace flotilla::sql
