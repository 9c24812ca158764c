#pragma once
/// A database: a bounded pool of connections behind coroutines.
///
///     FLT_CO_TRY(const auto config, environment.bind<sql::DataSourceConfig>("spring.datasource"));
///     FLT_CO_TRY(const auto db, co_await sql::Database::open(runtime, config, telemetry));
///     FLT_CO_CHECK(co_await sql::migrate(*db, migrations));
///     auto user = co_await db->query_one<UserRow>("select * from users where email = ?", email);

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "flotilla/log/logger.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/sql/config.hpp"
#include "flotilla/sql/session.hpp"
#include "flotilla/sql/statements.hpp"
#include "flotilla/sql/transaction.hpp"
#include "flotilla/tracing/tracer.hpp"

namespace flotilla::sql {

class Company;
class Connection;
class Driver;
class Pool;

/// Where a database reports to. All may be absent; what is there outlives the Database.
struct Telemetry {
    metrics::Registry* meters = nullptr;
    tracing::Tracer* tracer = nullptr;
    log::Logger log{};
    /// `tracing.sql.sleuth-names`: `jdbc.query` and `jdbc.row-count` in place of `sql.query`, with events for
    /// commit and rollback.
    bool sleuth_names = false;
};

struct PoolStats {
    std::size_t total = 0;
    std::size_t active = 0;
    std::size_t idle = 0;
    std::size_t pending = 0;
    std::uint64_t timeouts = 0;  ///< callers that waited for a connection in vain
};

/// For `/actuator/health`, component `db`: `details.database`, `details.validationQuery`, or `details.error`.
struct DatabaseHealth {
    bool up = false;
    std::string database;
    std::string error;
};

/// Used from any loop. Statements run on threads of the Database's own, one per connection at most, so that a
/// slow database holds up nobody else. On SQLite statements that write, and read_write transactions, come one
/// after the other; readers never wait for them.
///
/// Outlives its transactions; the runtime outlives it.
class Database final : public Session {
public:
    /// Connects once, so that a wrong URL or password stops the start.
    static Task<Result<std::unique_ptr<Database>>> open(
        runtime::Runtime& runtime, DataSourceConfig config, Telemetry telemetry = {}
    );
    /// The same on a driver of your own.
    static Task<Result<std::unique_ptr<Database>>> open(
        runtime::Runtime& runtime,
        std::unique_ptr<Driver> driver,
        DataSourceConfig config,
        Telemetry telemetry = {}
    );
    /// Closes the connections; waits for statements that run.
    ~Database() override;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Of a transaction that ends with `busy`.
    static constexpr int usual_attempts = 5;

    [[nodiscard]] Dialect dialect() const noexcept override;

    /// One statement by itself. On SQLite it is taken for a reader when it begins with `select`, `values` or
    /// `explain`.
    Task<Result<Rows>> run(Statement statement) override;

    /// A transaction of its own; see at_once().
    Task<Result<std::vector<Rows>>> run_all(std::vector<Statement> statements) override;

    /// Runs `body` as one transaction on a thread of the pool, and commits when it gives a value: the
    /// quickest way to several statements, as the calling task waits once for all of them. What ends with
    /// `busy` is run again from the start, up to the deadline and `attempts` times. `body` owns what it needs
    /// and does nothing but SQL: it runs to the end of a statement also when the caller is cancelled.
    template <class T>
    Task<Result<T>> at_once(std::function<Result<T>(Statements&)> body, int attempts = usual_attempts);

    Task<Result<Transaction>> begin(Access access = Access::read_write);

    /// Runs `body` in a transaction and commits when it gives a value. What ends with `busy` is run again,
    /// from the start and in a new transaction, up to the deadline and `attempts` times; so `body` does
    /// nothing but SQL.
    template <class T>
    Task<Result<T>> transact(
        std::function<Task<Result<T>>(Transaction&)> body, int attempts = usual_attempts
    );

    /// Runs a function on one connection and a thread of the pool: several statements for the price of one
    /// hop. The deadline stops it as it stops a statement. What it leaves open is rolled back.
    Task<Result<Rows>> with_connection(std::function<Result<Rows>(Connection&, Deadline)> work);

    /// Asks the database whether it is there.
    Task<DatabaseHealth> health();

    [[nodiscard]] PoolStats stats() const;

private:
    friend class Company;
    struct Impl;

    explicit Database(std::unique_ptr<Impl> impl) noexcept;
    Task<Result<void>> run_at_once(
        std::function<Result<void>(Statements&)> body, int attempts, Access access = Access::read_write
    );
    [[nodiscard]] const std::shared_ptr<Pool>& pool() const noexcept;
    /// Waits before another attempt; false when that would be too late.
    Task<bool> pause_before_retry(const Error& error, int attempt, int attempts);

    std::unique_ptr<Impl> impl_;
};

template <class T>
Task<Result<T>> Database::at_once(std::function<Result<T>(Statements&)> body, int attempts) {
    if constexpr (std::is_void_v<T>) {
        co_return co_await run_at_once(std::move(body), attempts);
    } else {
        const auto value = std::make_shared<std::optional<T>>();
        std::function<Result<void>(Statements&)> work = keeping(std::move(body), value);
        const auto done = co_await run_at_once(std::move(work), attempts);
        if (!done) co_return flotilla::fail(done.error());
        co_return std::move(**value);
    }
}

template <class T>
Task<Result<T>> Database::transact(std::function<Task<Result<T>>(Transaction&)> body, int attempts) {
    for (int attempt = 1;; ++attempt) {
        std::optional<Error> failure;
        {
            auto tx = co_await begin();
            if (!tx) {
                failure = std::move(tx).error();
            } else {
                auto value = co_await body(*tx);
                if (!value) {
                    failure = std::move(value).error();
                } else {
                    auto committed = co_await tx->commit();
                    if (committed) co_return std::move(value);
                    failure = std::move(committed).error();
                }
            }
        }
        const bool again = co_await pause_before_retry(*failure, attempt, attempts);
        if (!again) co_return flotilla::fail(*std::move(failure));
    }
}

}  // namespace flotilla::sql
