#include "flotilla/sql/database.hpp"

#include <algorithm>

#include "flotilla/base/random.hpp"
#include "flotilla/base/task_context.hpp"
#include "flotilla/base/units.hpp"
#include "pool.hpp"
#include "run_each.hpp"
#include "statement_span.hpp"
#include "statement_text.hpp"
#include "trail.hpp"
#include "transaction_impl.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;

Result<Rows> ping(Connection& connection, Deadline deadline) {
    FLT_CHECK(connection.ping(deadline));
    return Rows();
}

}  // namespace

struct Database::Impl {
    explicit Impl(std::shared_ptr<Pool> made) noexcept : pool(std::move(made)) {}

    ~Impl() { pool->close(); }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    std::shared_ptr<Pool> pool;
};

Database::Database(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Database::~Database() = default;

Task<Result<std::unique_ptr<Database>>> Database::open(
    runtime::Runtime& runtime, DataSourceConfig config, Telemetry telemetry
) {
    FLT_CO_TRY(auto driver, make_driver(config, runtime.clock()));
    co_return co_await open(runtime, std::move(driver), std::move(config), telemetry);
}

Task<Result<std::unique_ptr<Database>>> Database::open(
    runtime::Runtime& runtime, std::unique_ptr<Driver> driver, DataSourceConfig config, Telemetry telemetry
) {
    const PoolConfig& hikari = config.hikari;
    auto pool = std::make_shared<Pool>(runtime, std::move(driver), config, telemetry);
    std::unique_ptr<Database> database(new Database(std::make_unique<Impl>(pool)));
    pool->start_watching(runtime::EventLoop::current());
    if (hikari.initialization_fail_timeout < 0ms) co_return database;

    const Deadline patience =
        Deadline::after(runtime.clock().now(), saturated(hikari.initialization_fail_timeout));
    for (;;) {
        std::function<Result<Rows>(Connection&, Deadline)> work = ping;
        const auto up = co_await database->with_connection(std::move(work));
        if (up) co_return database;
        const bool hopeless = !is_retryable(up.error()) || patience.passed(runtime.clock().now());
        if (hopeless) co_return flotilla::fail(up.error().within(hikari.pool_name));
        co_await runtime::sleep_for(100ms);
    }
}

Dialect Database::dialect() const noexcept {
    return impl_->pool->driver().info().dialect;
}

Task<Result<Rows>> Database::run(Statement statement) {
    const std::shared_ptr<Pool> pool = impl_->pool;
    const Deadline deadline = pool->deadline();
    const Access access = only_reads(statement.text) ? Access::read_only : Access::read_write;
    auto lease = co_await pool->acquire(access, deadline);
    if (!lease) co_return flotilla::fail(std::move(lease).error());
    StatementSpan span(pool->telemetry(), pool->driver().info(), statement.text);
    Work work = [statement = std::move(statement)](Connection& connection, Deadline until) {
        return connection.execute(statement, until);
    };
    auto outcome = co_await pool->perform(*lease, false, std::move(work), deadline);
    span.finish(outcome);
    co_return outcome;
}

Result<std::vector<Rows>> run_each(Statements& on, const std::vector<Statement>& statements) {
    std::vector<Rows> all;
    all.reserve(statements.size());
    for (std::size_t i = 0; i < statements.size(); ++i) {
        auto rows = on.run(statements[i]);
        if (!rows && statements.size() == 1) return flotilla::fail(std::move(rows).error());
        if (!rows) return flotilla::fail(rows.error().within("statement " + std::to_string(i + 1)));
        all.push_back(*std::move(rows));
    }
    return all;
}

Task<Result<std::vector<Rows>>> Database::run_all(std::vector<Statement> statements) {
    std::function<Result<std::vector<Rows>>(Statements&)> body =
        [statements = std::move(statements)](Statements& tx) { return run_each(tx, statements); };
    co_return co_await at_once<std::vector<Rows>>(std::move(body));
}

Task<Result<void>> Database::run_at_once(
    std::function<Result<void>(Statements&)> body, int attempts, Access access
) {
    const std::shared_ptr<Pool> pool = impl_->pool;
    for (int attempt = 1;; ++attempt) {
        auto lease = co_await pool->acquire(access, pool->deadline());
        if (!lease) co_return flotilla::fail(std::move(lease).error());
        // Shared, as a work that does not end is left behind.
        const auto trail = std::make_shared<Trail>(pool->clock());
        const bool traced = pool->telemetry().tracer != nullptr;
        // What it leaves open is rolled back as the connection goes back to the pool.
        Work work = [body, trail, traced, access, dialect = dialect()](
                        Connection& connection, Deadline until
                    ) -> Result<Rows> {
            FLT_CHECK(connection.begin(access, until));
            Statements statements(connection, dialect, until, traced ? trail.get() : nullptr);
            FLT_CHECK(body(statements));
            FLT_CHECK(connection.commit(until));
            return Rows();
        };
        const auto outcome = co_await pool->perform(*lease, false, std::move(work), pool->deadline());
        const bool may_go_on = !outcome && outcome.error().code() == SqlErrc::timed_out;
        if (!may_go_on) trail->report(pool->telemetry(), pool->driver().info());
        if (outcome) co_return Result<void>();
        const bool again = co_await pause_before_retry(outcome.error(), attempt, attempts);
        if (!again) co_return flotilla::fail(outcome.error());
    }
}

Task<Result<Transaction>> Database::begin(Access access) {
    const std::shared_ptr<Pool> pool = impl_->pool;
    auto lease = co_await pool->acquire(access, pool->deadline());
    if (!lease) co_return flotilla::fail(std::move(lease).error());
    co_return Transaction(std::make_unique<Transaction::Impl>(pool, *std::move(lease), access));
}

Task<Result<Rows>> Database::with_connection(std::function<Result<Rows>(Connection&, Deadline)> work) {
    const std::shared_ptr<Pool> pool = impl_->pool;
    const Deadline deadline = TaskContext::current().deadline;
    auto lease = co_await pool->acquire(Access::read_write, deadline);
    if (!lease) co_return flotilla::fail(std::move(lease).error());
    Work moved = std::move(work);
    co_return co_await pool->perform(*lease, false, std::move(moved), deadline);
}

Task<DatabaseHealth> Database::health() {
    const std::shared_ptr<Pool> pool = impl_->pool;
    DatabaseHealth health;
    health.database = dialect().name();
    const Deadline deadline = TaskContext::current().deadline.or_sooner(
        Deadline::after(pool->now(), saturated(pool->config().validation_timeout))
    );
    auto lease = co_await pool->acquire(Access::read_only, deadline);
    if (!lease) {
        health.error = lease.error().message();
        co_return health;
    }
    Work work = ping;
    const auto outcome = co_await pool->perform(*lease, false, std::move(work), deadline);
    health.up = outcome.has_value();
    if (!outcome) health.error = outcome.error().message();
    co_return health;
}

const std::shared_ptr<Pool>& Database::pool() const noexcept {
    return impl_->pool;
}

PoolStats Database::stats() const {
    return impl_->pool->stats();
}

Task<bool> Database::pause_before_retry(const Error& error, int attempt, int attempts) {
    if (error.code() != SqlErrc::busy || attempt >= attempts) co_return false;
    const Duration longest = std::chrono::milliseconds(2) * (1 << std::min(attempt, 8));
    const double part = 0.5 + 0.5 * Random::of_thread().unit();
    const auto pause = Duration(static_cast<Duration::rep>(static_cast<double>(longest.count()) * part));
    const TimePoint at = impl_->pool->now() + pause;
    if (TaskContext::current().deadline.passed(at)) co_return false;
    co_await runtime::sleep_until(at);
    co_return true;
}

}  // namespace flotilla::sql
