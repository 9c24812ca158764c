#pragma once
/// Statements one after the other on a thread that may block: what Database::at_once hands to its function.
/// The same verbs as Session, without waiting:
///
///     auto order = co_await db.at_once<Order>([=](sql::Statements& tx) -> Result<Order> {
///         FLT_TRY(const bool ours, tx.insert_if_absent("idempotency_key", key));
///         ...
///     });

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/sql/dialect.hpp"
#include "flotilla/sql/rows.hpp"
#include "flotilla/sql/session.hpp"

namespace flotilla::sql {

class Connection;
struct Trail;

/// Lives for the call that it is handed to. Every statement keeps the deadline of the caller.
class Statements {
public:
    /// `trail`, if any, notes what is done, for spans.
    Statements(Connection& connection, Dialect dialect, Deadline deadline, Trail* trail = nullptr) noexcept
        : connection_(connection), dialect_(dialect), deadline_(deadline), trail_(trail) {}

    [[nodiscard]] Dialect dialect() const noexcept { return dialect_; }

    Result<Rows> run(const Statement& statement);

    template <class... Arguments>
    Result<Changes> execute(std::string_view text, const Arguments&... arguments) {
        return changes_of(run(make_statement(text, arguments...)));
    }

    /// Several, in their order and up to the first error: the sum of their changes. Those of one text that
    /// follow one another go together where the database has a way for it, at a fraction of the price.
    Result<Changes> execute_all(std::span<const Statement> statements);

    template <class T, class... Arguments>
    Result<std::vector<T>> query(std::string_view text, const Arguments&... arguments) {
        FLT_TRY(Rows rows, run(make_statement(text, arguments...)));
        return rows_as<T>(std::move(rows));
    }

    template <class T, class... Arguments>
    Result<std::optional<T>> query_one(std::string_view text, const Arguments&... arguments) {
        FLT_TRY(std::vector<T> all, query<T>(text, arguments...));
        std::optional<T> first;
        if (!all.empty()) first.emplace(std::move(all.front()));
        return first;
    }

    /// No row is `Errc::not_found`.
    template <class T, class... Arguments>
    Result<T> query_value(std::string_view text, const Arguments&... arguments) {
        FLT_TRY(std::optional<T> first, query_one<T>(text, arguments...));
        if (!first) return flotilla::fail(flotilla::Errc::not_found, "no such row");
        return *std::move(first);
    }

    /// See insert_statement().
    template <reflect::Described T>
    Result<Changes> insert(std::string_view table, const T& row) {
        return changes_of(run(insert_statement(table, row)));
    }

    /// False when a row with one of its unique keys is there already.
    template <reflect::Described T>
    Result<bool> insert_if_absent(std::string_view table, const T& row) {
        return unless_present(run(insert_statement(table, row)));
    }

private:
    Result<Rows> run_alike(std::span<const Statement> statements);
    static Result<Changes> changes_of(const Result<Rows>& rows);
    static Result<bool> unless_present(const Result<Rows>& rows);

    Connection& connection_;
    const Dialect dialect_;
    const Deadline deadline_;
    Trail* const trail_;
};

/// The same body for who runs it without knowing its type: what it gives is put aside.
template <class T>
std::function<Result<void>(Statements&)> keeping(
    std::function<Result<T>(Statements&)> body, std::shared_ptr<std::optional<T>> value
) {
    return [body = std::move(body), value = std::move(value)](Statements& statements) {
        auto made = body(statements);
        if (!made) return Result<void>(std::unexpected(std::move(made).error()));
        value->emplace(*std::move(made));
        return Result<void>();
    };
}

}  // namespace flotilla::sql
