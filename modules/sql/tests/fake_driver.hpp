#pragma once
// A database that does as a test says.

#include <atomic>
#include <memory>

#include "flotilla/sql/driver.hpp"

namespace flotilla::sql {

/// What the test says, and what it can see. Shared by all connections; used from their threads.
struct FakeServer {
    std::atomic<bool> up{true};       ///< connections open
    std::atomic<bool> alive{true};    ///< open connections look alive
    std::atomic<bool> answers{true};  ///< to pings
    std::atomic<int> lost{0};         ///< so many statements lose their connection
    std::atomic<int> opened{0};
    std::atomic<int> closed{0};
    std::atomic<int> executed{0};
    std::atomic<int> rollbacks{0};
    std::atomic<int> commits{0};
    std::atomic<int> cancels{0};       ///< statements that nobody wanted any more; they go on
    std::atomic<int> lost_commits{0};  ///< so many commits lose their connection
};

class FakeConnection final : public Connection {
public:
    explicit FakeConnection(std::shared_ptr<FakeServer> server) : server_(std::move(server)) {
        ++server_->opened;
    }

    ~FakeConnection() override { ++server_->closed; }

    Result<Rows> execute(const Statement&, Deadline) override {
        ++server_->executed;
        if (server_->lost > 0) {
            --server_->lost;
            broken_ = true;
            return fail(SqlErrc::connection_lost, "gone");
        }
        Rows rows;
        rows.columns.emplace_back("one");
        rows.values.emplace_back(std::int64_t{1});
        return rows;
    }

    Result<void> begin(Access, Deadline) override {
        open_ = true;
        return {};
    }

    Result<void> commit(Deadline) override {
        open_ = false;
        if (server_->lost_commits > 0) {
            --server_->lost_commits;
            broken_ = true;
            return fail(SqlErrc::connection_lost, "gone");
        }
        ++server_->commits;
        return {};
    }

    Result<void> rollback() override {
        ++server_->rollbacks;
        open_ = false;
        return {};
    }

    [[nodiscard]] bool in_transaction() const noexcept override { return open_; }

    Result<void> ping(Deadline) override {
        if (!server_->answers) return fail(SqlErrc::connection_lost, "no answer");
        return {};
    }

    [[nodiscard]] bool looks_alive() noexcept override { return server_->alive && !broken_; }

    void cancel() noexcept override { ++server_->cancels; }

    void rearm() noexcept override {}

    [[nodiscard]] bool broken() const noexcept override { return broken_; }

private:
    std::shared_ptr<FakeServer> server_;
    bool open_ = false;
    bool broken_ = false;
};

class FakeDriver final : public Driver {
public:
    explicit FakeDriver(std::shared_ptr<FakeServer> server) : server_(std::move(server)) {
        info_.dialect = Dialect(Product::mariadb);
        info_.service = "mysql-fake";
        info_.host = "10.0.0.9";
        info_.port = 3306;
    }

    [[nodiscard]] const DriverInfo& info() const noexcept override { return info_; }

    Result<std::unique_ptr<Connection>> connect(Deadline) override {
        if (!server_->up) return fail(SqlErrc::connection_lost, "refused");
        return std::make_unique<FakeConnection>(server_);
    }

private:
    std::shared_ptr<FakeServer> server_;
    DriverInfo info_;
};

}  // namespace flotilla::sql
