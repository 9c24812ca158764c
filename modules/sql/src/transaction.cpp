#include "flotilla/sql/transaction.hpp"

#include <fmt/format.h>

#include "flotilla/sql/statements.hpp"
#include "run_each.hpp"
#include "statement_span.hpp"
#include "trail.hpp"
#include "transaction_impl.hpp"

namespace flotilla::sql {

namespace {

/// Errors after which a database may have rolled back, or has not but nobody should go on.
bool ends_transaction(const Error& error) noexcept {
    return error.code() == SqlErrc::busy || error.code() == SqlErrc::timed_out ||
           error.code() == SqlErrc::connection_lost || error.code() == SqlErrc::closed;
}

std::unexpected<Error> over(const std::optional<Error>& failure) {
    if (!failure) return fail(SqlErrc::transaction_aborted, "the transaction has ended already");
    return fail(
        SqlErrc::transaction_aborted, fmt::format("the transaction has ended already: {}", failure->message())
    );
}

}  // namespace

Transaction::Transaction(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Transaction::Transaction(Transaction&& other) noexcept = default;
Transaction& Transaction::operator=(Transaction&& other) noexcept = default;
Transaction::~Transaction() = default;

Dialect Transaction::dialect() const noexcept {
    return impl_->pool->driver().info().dialect;
}

bool Transaction::active() const noexcept {
    return impl_ && impl_->lease;
}

Task<Result<Rows>> Transaction::run(Statement statement) {
    std::vector<Statement> one;
    one.push_back(std::move(statement));
    auto outcome = co_await run_all(std::move(one));
    if (!outcome) co_return flotilla::fail(std::move(outcome).error());
    co_return std::move(outcome->front());
}

Task<Result<std::vector<Rows>>> Transaction::run_all(std::vector<Statement> statements) {
    Impl& self = *impl_;
    if (!self.lease) co_return over(self.failure);

    // Shared, as a work that does not end is left behind.
    struct Shared {
        explicit Shared(const Clock& clock) : trail(clock) {}

        Trail trail;
        std::vector<Statement> statements;
        std::vector<Rows> rows;
        bool open = true;
    };

    const auto shared = std::make_shared<Shared>(self.pool->clock());
    shared->statements = std::move(statements);
    Trail* const trail = self.pool->telemetry().tracer ? &shared->trail : nullptr;
    Work work = [begun = self.begun, access = self.access, dialect = dialect(), trail, shared](
                    Connection& connection, Deadline deadline
                ) -> Result<Rows> {
        if (!begun) FLT_CHECK(connection.begin(access, deadline));
        Statements all(connection, dialect, deadline, trail);
        auto rows = run_each(all, shared->statements);
        shared->open = connection.in_transaction();
        if (!rows) return flotilla::fail(std::move(rows).error());
        shared->rows = *std::move(rows);
        return Rows();
    };
    const auto outcome =
        co_await self.pool->perform(self.lease, true, std::move(work), self.pool->deadline());
    self.begun = true;
    // Without a lease the work goes on without us.
    if (self.lease) shared->trail.report(self.pool->telemetry(), self.pool->driver().info());
    if (outcome) co_return std::move(shared->rows);
    if (!self.lease || !shared->open || ends_transaction(outcome.error())) {
        self.failure = outcome.error();
        self.pool->dispose(std::move(self.lease));
    }
    co_return flotilla::fail(outcome.error());
}

Task<Result<void>> Transaction::commit() {
    Impl& self = *impl_;
    if (!self.lease) co_return over(self.failure);
    if (!self.begun) {
        self.pool->dispose(std::move(self.lease));
        co_return Result<void>();
    }
    StatementSpan span(self.pool->telemetry(), self.pool->driver().info(), "commit");
    Work work = [](Connection& connection, Deadline deadline) -> Result<Rows> {
        FLT_CHECK(connection.commit(deadline));
        return Rows();
    };
    const auto outcome =
        co_await self.pool->perform(self.lease, false, std::move(work), self.pool->deadline());
    span.finish(outcome);
    if (outcome) co_return Result<void>();
    self.failure = outcome.error();
    co_return flotilla::fail(outcome.error());
}

Task<Result<void>> Transaction::rollback() {
    Impl& self = *impl_;
    if (!self.lease) co_return Result<void>();
    if (!self.begun) {
        self.pool->dispose(std::move(self.lease));
        co_return Result<void>();
    }
    StatementSpan span(self.pool->telemetry(), self.pool->driver().info(), "rollback");
    Work work = [](Connection& connection, Deadline) -> Result<Rows> {
        FLT_CHECK(connection.rollback());
        return Rows();
    };
    const auto outcome =
        co_await self.pool->perform(self.lease, false, std::move(work), self.pool->deadline());
    span.finish(outcome);
    if (outcome) co_return Result<void>();
    co_return flotilla::fail(outcome.error());
}

}  // namespace flotilla::sql
