#pragma once
// MariaDB and MySQL through libmariadb, over TCP.

#include <mysql.h>

#include <memory>

#include "flotilla/sql/driver.hpp"

namespace flotilla::sql {

struct CloseMariadb {
    void operator()(MYSQL* handle) const noexcept { mysql_close(handle); }
};

using MariadbHandle = std::unique_ptr<MYSQL, CloseMariadb>;

/// Opens connections, for the pool and for cancelling what runs on another. Immutable; shared by its
/// connections.
class MariadbServer {
public:
    MariadbServer(DatabaseUrl url, std::string username, reflect::Secret password);

    [[nodiscard]] const DatabaseUrl& url() const noexcept { return url_; }

    /// How long an answer may take once the connection stands.
    enum class Reads { as_long_as_it_takes, no_longer_than_connecting };
    Result<MariadbHandle> connect(Duration patience, Reads reads = Reads::as_long_as_it_takes) const;
    /// Stops what runs on the connection of that number; false when the server could not be asked.
    [[nodiscard]] bool kill_query(unsigned long connection) const noexcept;

private:
    const DatabaseUrl url_;
    const std::string username_;
    const reflect::Secret password_;
};

class MariadbDriver final : public Driver {
public:
    MariadbDriver(const DatabaseUrl& url, const DataSourceConfig& config, const Clock& clock);

    [[nodiscard]] const DriverInfo& info() const noexcept override { return info_; }

    Result<std::unique_ptr<Connection>> connect(Deadline deadline) override;

private:
    const std::shared_ptr<const MariadbServer> server_;
    const std::size_t max_result_;
    const Clock& clock_;
    DriverInfo info_;
};

/// What an error number means. Of the server's message only names are kept: it repeats values.
Error mariadb_error(unsigned number, std::string_view sqlstate, std::string_view message);
/// Whether the connection is of no use after that error.
bool ends_connection(unsigned number) noexcept;

}  // namespace flotilla::sql
