#pragma once
/// The seam to one kind of database. A driver blocks; the Database calls it on threads of its own, and never
/// one connection on two threads at a time. What is said about errors, values and deadlines in session.hpp
/// and error.hpp is what an implementation keeps; tests/driver_contract_test.cpp checks it.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/result.hpp"
#include "flotilla/sql/config.hpp"
#include "flotilla/sql/dialect.hpp"
#include "flotilla/sql/session.hpp"
#include "flotilla/sql/transaction.hpp"

namespace flotilla::sql {

/// One connection. Not thread-safe, except for `cancel`.
class Connection {
public:
    virtual ~Connection() = default;

    /// Prepares (or finds prepared), binds, runs to the end and reads all rows. The deadline is for what the
    /// driver waits for by itself; the Database cancels a statement that is late.
    virtual Result<Rows> execute(const Statement& statement, Deadline deadline) = 0;

    /// Statements of one text, in their order and up to the first error, in whatever way is quickest: the sum
    /// of their changes, and no rows. Within a transaction, as part of them may have been done when one
    /// fails.
    virtual Result<Rows> execute_all(std::span<const Statement> statements, Deadline deadline);

    virtual Result<void> begin(Access access, Deadline deadline) = 0;
    virtual Result<void> commit(Deadline deadline) = 0;
    virtual Result<void> rollback() = 0;
    /// Whether the database is inside a transaction, as it said last.
    [[nodiscard]] virtual bool in_transaction() const noexcept = 0;

    /// Asks the other side for a sign of life.
    virtual Result<void> ping(Deadline deadline) = 0;
    /// Without asking: false when it is known to be gone.
    [[nodiscard]] virtual bool looks_alive() noexcept = 0;

    /// Makes what is being done end soon, with SqlErrc::timed_out, and what is done next too, up to `rearm`.
    /// From another thread, which it may hold up for a second.
    virtual void cancel() noexcept = 0;
    /// Forgets an earlier `cancel`. Called before each piece of work.
    virtual void rearm() noexcept = 0;
    /// Whether it must be closed rather than used again.
    [[nodiscard]] virtual bool broken() const noexcept = 0;

protected:
    Connection() = default;
    Connection(const Connection&) = default;
    Connection& operator=(const Connection&) = default;
};

/// What there is to say about the database behind a driver.
struct DriverInfo {
    Dialect dialect{Product::sqlite};
    /// For spans: `mysql-userdb`, `sqlite-userdb`, with its address where it has one.
    std::string service;
    std::string host;
    std::uint16_t port = 0;
    /// Statements that write come one after the other.
    bool single_writer = false;
    /// All there is is in one connection, which is never closed.
    bool single_connection = false;
};

/// Makes connections. Thread-safe.
class Driver {
public:
    virtual ~Driver() = default;

    [[nodiscard]] virtual const DriverInfo& info() const noexcept = 0;
    virtual Result<std::unique_ptr<Connection>> connect(Deadline deadline) = 0;

protected:
    Driver() = default;
    Driver(const Driver&) = default;
    Driver& operator=(const Driver&) = default;
};

/// The driver that the URL asks for.
Result<std::unique_ptr<Driver>> make_driver(const DataSourceConfig& config, const Clock& clock);

}  // namespace flotilla::sql
