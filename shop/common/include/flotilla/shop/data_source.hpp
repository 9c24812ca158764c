#pragma once
/// The database of a service: opened and brought up to date at the start, closed at the end, told of in
/// `/actuator/health`.

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "flotilla/actuator/health.hpp"
#include "flotilla/metrics/registry.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "flotilla/shop/problem.hpp"
#include "flotilla/shop/statements.hpp"
#include "flotilla/sql/config.hpp"
#include "flotilla/sql/database.hpp"
#include "flotilla/sql/migration.hpp"

namespace flotilla::shop {

/// Statements are made between `open` and `close`; the service lets nobody in before and after.
class DataSource {
public:
    /// `migrations` outlive it.
    DataSource(
        runtime::Runtime& runtime,
        sql::DataSourceConfig config,
        sql::Telemetry telemetry,
        std::span<const sql::Migration> migrations
    );

    /// The folder of an SQLite file is made when it is not there.
    Task<Result<void>> open();

    void close() noexcept { database_.reset(); }

    [[nodiscard]] sql::Database& operator*() const noexcept { return *database_; }

    [[nodiscard]] sql::Database* operator->() const noexcept { return database_.get(); }

    /// Runs `body` as one transaction, on one thread, and commits when it gives a value. What ends with
    /// `busy` is run again from the start, a few times. `body` owns what it needs: it runs to its end also
    /// when the caller is cancelled.
    template <class T>
    Task<Result<T>> at_once(std::function<Result<T>(Statements&)> body) const {
        for (int attempt = 1;; ++attempt) {
            auto outcome = std::make_shared<std::optional<T>>();
            std::function<Result<void>(Statements&)> work = [body, outcome](Statements& statements) {
                auto value = body(statements);
                if (!value) return Result<void>(fail(std::move(value).error()));
                outcome->emplace(*std::move(value));
                return Result<void>();
            };
            auto failure = co_await transact(std::move(work));
            if (!failure) co_return std::move(**outcome);
            const bool again = co_await pause_before_retry(*failure, attempt);
            if (!again) co_return fail(*std::move(failure));
        }
    }

    /// The contributor `db`.
    [[nodiscard]] Task<actuator::Health> health() const;

private:
    /// The error, if there is one.
    Task<std::optional<Error>> transact(std::function<Result<void>(Statements&)> body) const;
    static Task<bool> pause_before_retry(const Error& error, int attempt);

    runtime::Runtime& runtime_;
    sql::DataSourceConfig config_;
    sql::Telemetry telemetry_;
    std::span<const sql::Migration> migrations_;
    std::unique_ptr<sql::Database> database_;
};

/// What a client is told of an error of the database; the reason goes to the log.
Problem database_problem(const Error& error, const log::Logger& log);

}  // namespace flotilla::shop
