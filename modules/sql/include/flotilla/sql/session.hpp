#pragma once
/// Statements as coroutines, on a Database (each one by itself) or in a Transaction. A repository takes a
/// `Session&` and serves both:
///
///     auto user = co_await session.query_one<UserRow>("select * from users where email = ?", email);
///     auto done = co_await session.execute("delete from users where id = ?", id);
///
/// A statement keeps the deadline of the running task: it is stopped when that comes, or when the task is
/// cancelled. Values are bound, never pasted into the text.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/result.hpp"
#include "flotilla/reflect/describe.hpp"
#include "flotilla/runtime/task.hpp"
#include "flotilla/sql/dialect.hpp"
#include "flotilla/sql/rows.hpp"
#include "flotilla/sql/value.hpp"

namespace flotilla::sql {

/// One statement with `?` for its values.
struct Statement {
    std::string text;
    std::vector<Value> values{};
};

template <class... Arguments>
Statement make_statement(std::string_view text, const Arguments&... arguments) {
    Statement statement{std::string(text)};
    statement.values.reserve(sizeof...(Arguments));
    (statement.values.push_back(to_value(arguments)), ...);
    return statement;
}

Statement insert_statement(
    std::string_view table, std::span<const std::string_view> columns, std::vector<Value> values
);

/// An insert of every field of a described struct into the column of its name, except optionals that are
/// empty: their columns get their defaults.
template <reflect::Described T>
Statement insert_statement(std::string_view table, const T& row) {
    std::vector<std::string_view> columns;
    std::vector<Value> values;
    reflect::for_each_field<T>([&]<class F>(F) {
        if constexpr (reflect::detail::is_optional<typename F::Type>) {
            if (!(row.*F::pointer)) return;
        }
        columns.push_back(F::name);
        values.push_back(to_value(row.*F::pointer));
    });
    return insert_statement(table, columns, std::move(values));
}

class Session {
public:
    virtual ~Session() = default;

    [[nodiscard]] virtual Dialect dialect() const noexcept = 0;

    /// One statement; most of the others are conveniences over it.
    virtual Task<Result<Rows>> run(Statement statement) = 0;

    /// Several statements, all or nothing: in this transaction, or in one of their own. They go to the
    /// database's thread together, so this costs one hop where each by itself would cost one; see
    /// docs/sql.md. The error names the statement that failed, and those after it have not run.
    virtual Task<Result<std::vector<Rows>>> run_all(std::vector<Statement> statements) = 0;

    template <class... Arguments>
    Task<Result<Changes>> execute(std::string_view text, const Arguments&... arguments) {
        return run_for_changes(make_statement(text, arguments...));
    }

    /// Every row as a T; see rows_as().
    template <class T, class... Arguments>
    Task<Result<std::vector<T>>> query(std::string_view text, const Arguments&... arguments) {
        return run_for_all<T>(make_statement(text, arguments...));
    }

    /// The first row, if there is one.
    template <class T, class... Arguments>
    Task<Result<std::optional<T>>> query_one(std::string_view text, const Arguments&... arguments) {
        return run_for_one<T>(make_statement(text, arguments...));
    }

    /// The only value of the first row: `select count(*)`. No row is `Errc::not_found`.
    template <class T, class... Arguments>
    Task<Result<T>> query_value(std::string_view text, const Arguments&... arguments) {
        return run_for_value<T>(make_statement(text, arguments...));
    }

    /// Inserts every field of a described struct into the column of its name, except optionals that are
    /// empty: declare the automatic key as `std::optional<std::int64_t> id` and read it from `last_id`.
    template <reflect::Described T>
    Task<Result<Changes>> insert(std::string_view table, const T& row) {
        return run_for_changes(insert_statement(table, row));
    }

    /// The same; false when a row with one of its unique keys is there already.
    template <reflect::Described T>
    Task<Result<bool>> insert_if_absent(std::string_view table, const T& row) {
        return run_unless_present(insert_statement(table, row));
    }

protected:
    Session() = default;
    Session(const Session&) = default;
    Session& operator=(const Session&) = default;

private:
    Task<Result<Changes>> run_for_changes(Statement statement);
    Task<Result<bool>> run_unless_present(Statement statement);

    template <class T>
    Task<Result<std::vector<T>>> run_for_all(Statement statement) {
        auto rows = co_await run(std::move(statement));
        if (!rows) co_return flotilla::fail(std::move(rows).error());
        co_return rows_as<T>(*std::move(rows));
    }

    template <class T>
    Task<Result<std::optional<T>>> run_for_one(Statement statement) {
        auto all = co_await run_for_all<T>(std::move(statement));
        if (!all) co_return flotilla::fail(std::move(all).error());
        std::optional<T> first;
        if (!all->empty()) first.emplace(std::move(all->front()));
        co_return first;
    }

    template <class T>
    Task<Result<T>> run_for_value(Statement statement) {
        auto first = co_await run_for_one<T>(std::move(statement));
        if (!first) co_return flotilla::fail(std::move(first).error());
        if (!*first) co_return flotilla::fail(flotilla::Errc::not_found, "no such row");
        co_return std::move(**first);
    }
};

}  // namespace flotilla::sql
