#include "flotilla/sql/transaction.hpp"

#include <fmt/format.h>

#include "flotilla/base/task_context.hpp"
#include "statement_span.hpp"
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
    Impl& self = *impl_;
    if (!self.lease) co_return over(self.failure);
    StatementSpan span(self.pool->telemetry(), self.pool->driver().info(), statement.text);
    // Shared, as a work that does not end is left behind.
    const auto still_open = std::make_shared<bool>(true);
    Work work = [begun = self.begun, access = self.access, statement = std::move(statement), still_open](
                    Connection& connection, Deadline deadline
                ) -> Result<Rows> {
        if (!begun) FLT_CHECK(connection.begin(access, deadline));
        auto rows = connection.execute(statement, deadline);
        *still_open = connection.in_transaction();
        return rows;
    };
    const Deadline deadline = TaskContext::current().deadline;
    auto outcome = co_await self.pool->perform(self.lease, true, std::move(work), deadline);
    span.finish(outcome);
    self.begun = true;
    if (!outcome && (!*still_open || !self.lease || ends_transaction(outcome.error()))) {
        self.failure = outcome.error();
        self.pool->dispose(std::move(self.lease));
    }
    co_return outcome;
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
    const Deadline deadline = TaskContext::current().deadline;
    const auto outcome = co_await self.pool->perform(self.lease, false, std::move(work), deadline);
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
    const Deadline deadline = TaskContext::current().deadline;
    const auto outcome = co_await self.pool->perform(self.lease, false, std::move(work), deadline);
    span.finish(outcome);
    if (outcome) co_return Result<void>();
    co_return flotilla::fail(outcome.error());
}

}  // namespace flotilla::sql
