#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include "flotilla/base/text.hpp"
#include "mariadb_driver.hpp"

namespace flotilla::sql {

namespace {

/// The name after the last `mark`, without quotes and without what it belongs to: of
/// "... for column `shop`.`users`.`name` at row 1" it is `name`.
std::string_view name_after(std::string_view message, std::string_view mark) noexcept {
    // Values stand before the names in all of these messages.
    const std::size_t found = message.rfind(mark);
    if (found == std::string_view::npos) return {};
    std::string_view rest = message.substr(found + mark.size());
    rest = rest.substr(0, rest.find(' '));
    while (rest.ends_with('\'') || rest.ends_with('`')) rest.remove_suffix(1);
    const std::size_t begin = rest.find_last_of("'`.");
    return begin == std::string_view::npos ? rest : rest.substr(begin + 1);
}

Error named(SqlErrc code, std::string_view what, std::string_view kind, std::string_view name) {
    if (name.empty()) return {make_error_code(code), std::string(what)};
    return {make_error_code(code), fmt::format("{}: {} {}", what, kind, name)};
}

bool is_lost(unsigned number) noexcept {
    switch (number) {
        case CR_CONNECTION_ERROR:
        case CR_CONN_HOST_ERROR:
        case CR_UNKNOWN_HOST:
        case CR_SERVER_GONE_ERROR:
        case CR_SERVER_LOST:
        case CR_SERVER_LOST_EXTENDED:
        case CR_SSL_CONNECTION_ERROR:
        case ER_CON_COUNT_ERROR:
        case ER_TOO_MANY_USER_CONNECTIONS:
        case ER_SERVER_SHUTDOWN:
        case ER_NORMAL_SHUTDOWN:
        case ER_CONNECTION_KILLED:
        case ER_NET_READ_ERROR:
        case ER_NET_READ_INTERRUPTED:
        case ER_NET_ERROR_ON_WRITE:
        case ER_NET_WRITE_INTERRUPTED:
            return true;
        default:
            return false;
    }
}

}  // namespace

bool ends_connection(unsigned number) noexcept {
    // Of the library's own errors only this one leaves the connection in order.
    const bool from_library = number >= CR_MIN_ERROR && number <= CR_MAX_ERROR;
    return is_lost(number) || (from_library && number != CR_NEW_STMT_METADATA);
}

Error mariadb_error(unsigned number, std::string_view sqlstate, std::string_view message) {
    if (is_lost(number))
        return {
            make_error_code(SqlErrc::connection_lost),
            fmt::format("no connection to MariaDB (error {})", number)
        };
    switch (number) {
        case ER_DUP_ENTRY:
        case ER_DUP_ENTRY_WITH_KEY_NAME:
        case ER_DUP_UNIQUE:
            return named(
                SqlErrc::unique_violation,
                "there is such a row already",
                "constraint",
                name_after(message, "for key ")
            );
        case ER_NO_REFERENCED_ROW:
        case ER_NO_REFERENCED_ROW_2:
        case ER_ROW_IS_REFERENCED:
        case ER_ROW_IS_REFERENCED_2:
            return named(
                SqlErrc::foreign_key_violation,
                "a row that is referred to is missing",
                "constraint",
                name_after(message, "CONSTRAINT ")
            );
        case ER_CONSTRAINT_FAILED:
            return named(
                SqlErrc::check_violation,
                "a value is not allowed",
                "constraint",
                name_after(message, "CONSTRAINT ")
            );
        case ER_BAD_NULL_ERROR:
            return named(
                SqlErrc::not_null_violation,
                "a value is missing",
                "constraint",
                name_after(message, "Column ")
            );
        case ER_NO_DEFAULT_FOR_FIELD:
            return named(
                SqlErrc::not_null_violation, "a value is missing", "constraint", name_after(message, "Field ")
            );
        case ER_DATA_TOO_LONG:
            return {
                make_error_code(SqlErrc::invalid_value),
                fmt::format("too long for column {}", name_after(message, "for column "))
            };
        case ER_WARN_DATA_OUT_OF_RANGE:
        case ER_TRUNCATED_WRONG_VALUE:
        case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
        case ER_DATA_OUT_OF_RANGE:
        case WARN_DATA_TRUNCATED:
            return named(
                SqlErrc::invalid_value, "a value does not fit", "column", name_after(message, "for column ")
            );
        case ER_LOCK_DEADLOCK:
            return {make_error_code(SqlErrc::busy), "a deadlock with another transaction"};
        case ER_LOCK_WAIT_TIMEOUT:
        case ER_CHECKREAD:
            return {make_error_code(SqlErrc::busy), "another transaction holds the row"};
        case ER_QUERY_INTERRUPTED:
        case ER_STATEMENT_TIMEOUT:
            return {make_error_code(SqlErrc::timed_out), "the statement was stopped"};
        case ER_ACCESS_DENIED_ERROR:
        case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
        case ER_DBACCESS_DENIED_ERROR:
        case ER_TABLEACCESS_DENIED_ERROR:
        case ER_COLUMNACCESS_DENIED_ERROR:
        case ER_SPECIFIC_ACCESS_DENIED_ERROR:
            return {make_error_code(SqlErrc::access_denied), std::string(message)};
        case ER_BAD_DB_ERROR:
            return {make_error_code(SqlErrc::failed), std::string(message)};
        default:
            // Class 42: the text itself is wrong, and the message quotes the text.
            if (sqlstate.starts_with("42")) return {make_error_code(SqlErrc::syntax), std::string(message)};
            return {
                make_error_code(SqlErrc::failed), fmt::format("MariaDB: error {} ({})", number, sqlstate)
            };
    }
}

}  // namespace flotilla::sql
