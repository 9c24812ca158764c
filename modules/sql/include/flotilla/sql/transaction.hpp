#pragma once
/// A transaction as a scope: what is not committed is undone, whichever way the scope is left.
///
///     FLT_CO_TRY(auto tx, co_await db.begin());
///     FLT_CO_TRY(const auto taken, co_await tx.execute("update catalog set stock = stock - ? where ...",
///     qty)); FLT_CO_CHECK(co_await tx.insert("stock_reservation", reservation)); FLT_CO_CHECK(co_await
///     tx.commit());

#include <memory>

#include "flotilla/sql/session.hpp"

namespace flotilla::sql {

/// `read_write` transactions on SQLite come one after the other; `read_only` ones see one state and never
/// wait.
enum class Access { read_write, read_only };

/// Holds one connection until it is committed, rolled back or destroyed. One statement at a time. After an
/// error that ended the transaction in the database (busy, timed_out, connection_lost) every further
/// statement and the commit are transaction_aborted; after a violated constraint it may go on.
class Transaction final : public Session {
public:
    struct Impl;

    explicit Transaction(std::unique_ptr<Impl> impl) noexcept;
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&& other) noexcept;
    /// Rolls back, in the background, unless it has ended.
    ~Transaction() override;

    [[nodiscard]] Dialect dialect() const noexcept override;
    Task<Result<Rows>> run(Statement statement) override;
    Task<Result<std::vector<Rows>>> run_all(std::vector<Statement> statements) override;

    /// With connection_lost or timed_out it is not known whether the database has committed.
    Task<Result<void>> commit();
    Task<Result<void>> rollback();

    [[nodiscard]] bool active() const noexcept;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace flotilla::sql
