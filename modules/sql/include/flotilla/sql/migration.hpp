#pragma once
/// Numbered migrations, as Flyway has them: each is applied once, in order, and never changed afterwards.
///
///     constexpr sql::Migration migrations[] = {
///         {"V1__create_users", "create table users(id bigint auto_increment primary key, ...)"},
///     };
///     FLT_CO_CHECK(co_await sql::migrate(*db, migrations));

#include <span>
#include <string_view>

#include "flotilla/runtime/task.hpp"
#include "flotilla/sql/database.hpp"

namespace flotilla::sql {

/// Statements end with `;`. They are portable (Dialect::ddl) unless `mariadb` gives that database a text of
/// its own.
struct Migration {
    std::string_view name;  ///< `V1__create_users`; versions are numbers, `V2_1` comes after `V2`
    std::string_view sql;
    std::string_view mariadb{};
};

struct MigrationReport {
    std::size_t applied = 0;  ///< now
    std::string version;      ///< of the schema: `2`; empty for none
};

/// Applies what is missing. Any number of processes may start at once: one works, the others wait for it (up
/// to the deadline; without one two minutes, on SQLite the busy timeout).
///
/// What was applied is in the table `flotilla_migrations`, with a checksum of its text. SqlErrc::migration
/// says which migration has changed since, is missing from the list, comes too late (a lower number than one
/// applied), or has failed half-way (MariaDB commits table definitions at once: repair by hand, then delete
/// its row).
Task<Result<MigrationReport>> migrate(Database& database, std::span<const Migration> migrations);

}  // namespace flotilla::sql
