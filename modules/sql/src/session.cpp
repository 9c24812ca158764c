#include "flotilla/sql/session.hpp"

#include <algorithm>

#include "flotilla/base/assert.hpp"
#include "flotilla/base/text.hpp"

namespace flotilla::sql {

Statement insert_statement(
    std::string_view table, std::span<const std::string_view> columns, std::vector<Value> values
) {
    // Names come from the program. One that holds anything else was put together from input.
    FLT_ASSERT(!table.empty() && std::ranges::all_of(table, [](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_' || c == '.';
    }));
    Statement statement{std::string("insert into "), std::move(values)};
    statement.text += table;
    if (columns.empty()) {
        statement.text += " values()";
        return statement;
    }
    statement.text += '(';
    for (const std::string_view column : columns) {
        if (!statement.text.ends_with('(')) statement.text += ", ";
        statement.text += '"';
        statement.text += column;
        statement.text += '"';
    }
    statement.text += ") values(?";
    for (std::size_t i = 1; i < columns.size(); ++i) statement.text += ", ?";
    statement.text += ')';
    return statement;
}

Task<Result<Changes>> Session::run_for_changes(Statement statement) {
    auto rows = co_await run(std::move(statement));
    if (!rows) co_return flotilla::fail(std::move(rows).error());
    co_return Changes{.rows = rows->changes, .last_id = rows->last_id};
}

Task<Result<bool>> Session::run_unless_present(Statement statement) {
    auto rows = co_await run(std::move(statement));
    if (rows) co_return true;
    if (rows.error().code() == SqlErrc::unique_violation) co_return false;
    co_return flotilla::fail(std::move(rows).error());
}

}  // namespace flotilla::sql
