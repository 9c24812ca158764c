#include <fmt/format.h>

#include "flotilla/base/text.hpp"
#include "sqlite_driver.hpp"

namespace flotilla::sql {

namespace {

/// `UNIQUE constraint failed: users.email`: the part after the colon.
std::string_view named(std::string_view message) noexcept {
    const std::size_t colon = message.find(": ");
    return colon == std::string_view::npos ? std::string_view() : message.substr(colon + 2);
}

Error violation(SqlErrc code, std::string_view what, std::string_view name) {
    if (name.empty()) return {make_error_code(code), std::string(what)};
    return {make_error_code(code), fmt::format("{}: constraint {}", what, name)};
}

Error constraint_error(int code, std::string_view message) {
    const std::string_view name = named(message);
    switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return violation(SqlErrc::unique_violation, "there is such a row already", name);
        case SQLITE_CONSTRAINT_FOREIGNKEY:
            return violation(SqlErrc::foreign_key_violation, "a row that is referred to is missing", {});
        case SQLITE_CONSTRAINT_NOTNULL:
            return violation(SqlErrc::not_null_violation, "a value is missing", name);
        case SQLITE_CONSTRAINT_CHECK:
            // Dialect::ddl wrote it, for a column's length.
            if (name.starts_with("length("))
                return {
                    make_error_code(SqlErrc::invalid_value),
                    fmt::format("too long for column {}", name.substr(7, name.find(')') - 7))
                };
            return violation(SqlErrc::check_violation, "a value is not allowed", name);
        default:
            return violation(SqlErrc::invalid_value, "a value does not fit its column", {});
    }
}

}  // namespace

Error sqlite_error(sqlite3* database, int code) {
    const std::string_view message = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            return constraint_error(code, message);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {make_error_code(SqlErrc::busy), "another process holds the database's lock"};
        case SQLITE_INTERRUPT:
            return {make_error_code(SqlErrc::timed_out), "the statement was stopped"};
        case SQLITE_ERROR:
            return {make_error_code(SqlErrc::syntax), std::string(message)};
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG:
            return {make_error_code(SqlErrc::invalid_value), "a value does not fit its column"};
        case SQLITE_AUTH:
        case SQLITE_PERM:
            return {make_error_code(SqlErrc::access_denied), sqlite3_errstr(code)};
        default:
            return {make_error_code(SqlErrc::failed), fmt::format("SQLite: {}", sqlite3_errstr(code))};
    }
}

}  // namespace flotilla::sql
