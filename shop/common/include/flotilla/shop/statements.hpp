#pragma once
/// The statements of one transaction, one after the other on the thread of their connection. What a
/// sql::Transaction does with a change of threads for each statement, this does with one for all of them: it
/// is for the few transactions that every order waits for, since others wait for their locks.

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/sql/driver.hpp"
#include "flotilla/sql/error.hpp"
#include "flotilla/sql/session.hpp"

namespace flotilla::shop {

/// Blocks; lives within one call of DataSource::at_once.
class Statements {
public:
    Statements(sql::Connection& connection, Deadline deadline)
        : connection_(connection), deadline_(deadline) {}

    template <class... Arguments>
    Result<sql::Changes> execute(std::string_view text, const Arguments&... arguments) {
        FLT_TRY(const auto rows, connection_.execute(sql::make_statement(text, arguments...), deadline_));
        return sql::Changes{.rows = rows.changes, .last_id = rows.last_id};
    }

    /// The first row, if there is one.
    template <class T, class... Arguments>
    Result<std::optional<T>> query_one(std::string_view text, const Arguments&... arguments) {
        FLT_TRY(auto rows, connection_.execute(sql::make_statement(text, arguments...), deadline_));
        FLT_TRY(auto all, sql::rows_as<T>(std::move(rows)));
        std::optional<T> first;
        if (!all.empty()) first = std::move(all.front());
        return first;
    }

    /// Every field into the column of its name, except optionals that are empty.
    template <reflect::Described T>
    Result<void> insert(std::string_view table, const T& row) {
        FLT_CHECK(connection_.execute(insert_of(table, row), deadline_));
        return {};
    }

    /// The same; false when a row with one of its unique keys is there already.
    template <reflect::Described T>
    Result<bool> insert_if_absent(std::string_view table, const T& row) {
        const auto inserted = connection_.execute(insert_of(table, row), deadline_);
        if (inserted) return true;
        if (inserted.error().code() == sql::SqlErrc::unique_violation) return false;
        return fail(inserted.error());
    }

private:
    template <reflect::Described T>
    static sql::Statement insert_of(std::string_view table, const T& row) {
        std::vector<std::string_view> columns;
        std::vector<sql::Value> values;
        reflect::for_each_field<T>([&]<class F>(F) {
            sql::Value value = sql::to_value(row.*F::pointer);
            if (reflect::detail::is_optional<typename F::Type> && std::holds_alternative<sql::Null>(value))
                return;
            columns.push_back(F::name);
            values.push_back(std::move(value));
        });
        return sql::insert_statement(table, columns, std::move(values));
    }

    sql::Connection& connection_;
    Deadline deadline_;
};

}  // namespace flotilla::shop
