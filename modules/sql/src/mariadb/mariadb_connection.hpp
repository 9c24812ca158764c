#pragma once
// One connection to MariaDB with its prepared statements.

#include <mysql.h>

#include <atomic>
#include <memory>
#include <string>

#include "../statement_cache.hpp"
#include "mariadb_driver.hpp"
#include "mariadb_statement.hpp"

namespace flotilla::sql {

class MariadbConnection final : public Connection {
public:
    MariadbConnection(
        std::shared_ptr<const MariadbServer> server, MariadbHandle handle, std::size_t max_result
    );
    ~MariadbConnection() override;

    Result<Rows> execute(const Statement& statement, Deadline deadline) override;
    Result<Rows> execute_all(std::span<const Statement> statements, Deadline deadline) override;
    Result<void> begin(Access access, Deadline deadline) override;
    Result<void> commit(Deadline deadline) override;
    Result<void> rollback() override;
    [[nodiscard]] bool in_transaction() const noexcept override;
    Result<void> ping(Deadline deadline) override;
    [[nodiscard]] bool looks_alive() noexcept override;
    void cancel() noexcept override;
    void rearm() noexcept override;

    [[nodiscard]] bool broken() const noexcept override { return broken_; }

private:
    Result<MariadbStatement*> prepare(const std::string& text);
    Result<Rows> run(const Statement& statement);
    /// In one packet and one answer, where the server knows that and the values fit.
    Result<Rows> run_in_bulk(std::span<const Statement> statements, Deadline deadline);
    Result<void> command(std::string_view text);
    Error error_of_connection();
    Error error_of(MYSQL_STMT* statement);
    Error note(unsigned number, std::string_view sqlstate, std::string_view message);

    const std::shared_ptr<const MariadbServer> server_;
    MariadbHandle handle_;
    const std::size_t max_result_;
    const bool takes_bulk_;
    StatementCache<MariadbStatement> statements_;  // gone before the connection
    unsigned last_error_ = 0;
    std::atomic<int> cancels_{0};
    std::atomic<bool> broken_{false};
};

}  // namespace flotilla::sql
