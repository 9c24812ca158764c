#pragma once
/// What a database can answer instead of rows. Messages name statements' first words, constraints, columns
/// and servers; never values, never passwords.

#include <optional>
#include <string_view>
#include <system_error>

#include "flotilla/base/result.hpp"

namespace flotilla::sql {

enum class SqlErrc {
    unique_violation = 1,
    foreign_key_violation,
    check_violation,
    not_null_violation,
    invalid_value,  ///< too long, out of range, or not of the column's type
    /// Somebody else holds what the statement needs: a locked file, a deadlock, a lock that came too late.
    /// The transaction is over; the same one may succeed in a moment.
    busy,
    timed_out,        ///< the deadline came; the statement was stopped
    pool_exhausted,   ///< every connection was in use for too long
    connection_lost,  ///< no connection, or it broke: whether the statement took effect is not known
    access_denied,
    syntax,               ///< not SQL, or a table or column that is not there
    wrong_shape,          ///< the rows do not fit the type that they were asked as
    transaction_aborted,  ///< an earlier statement of this transaction ended it
    migration,            ///< the schema is not what the program's migrations say
    closed,               ///< the Database has been closed
    failed,               ///< anything else
};

const std::error_category& sql_category() noexcept;
std::error_code make_error_code(SqlErrc code) noexcept;

inline std::unexpected<Error> fail(SqlErrc code, std::string context = {}) {
    return std::unexpected(Error(make_error_code(code), std::move(context)));
}

/// Whether the same work may succeed in a moment: busy, connection_lost, pool_exhausted. Work that is not one
/// transaction, or that ended with connection_lost, may have happened.
[[nodiscard]] bool is_retryable(const Error& error) noexcept;

/// The constraint behind a violation as the database names it, where it does: `users.email` (SQLite),
/// `email` (MariaDB: the name of the key, which is the column's unless it was given one).
[[nodiscard]] std::optional<std::string_view> constraint_of(const Error& error) noexcept;

/// Whether it is a unique violation of that constraint or column, however this database spells it.
[[nodiscard]] bool violates_unique(const Error& error, std::string_view constraint) noexcept;

/// The same error in terms of `flotilla::Errc`, for borders that do not know SQL: conflict for violations of
/// constraints, timed_out, unavailable for what may be retried, internal for the rest.
[[nodiscard]] Error general(const Error& error);

}  // namespace flotilla::sql

template <>
struct std::is_error_code_enum<flotilla::sql::SqlErrc> : std::true_type {};
