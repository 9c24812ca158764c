#include "mariadb_driver.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "flotilla/base/text.hpp"
#include "mariadb_connection.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;

/// How MariaDB is made to read SQL as the other databases do: bad values are errors, "x" is a name, || puts
/// texts together, a backslash is a character. Times are UTC.
constexpr const char* session_settings =
    "set session sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "NO_ENGINE_SUBSTITUTION,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES', time_zone = '+00:00'";

/// A server that is gone without a word is noticed within about half a minute, also by a statement that
/// waits.
void keep_watch(MYSQL* handle) noexcept {
    const auto socket = mysql_get_socket(handle);
    const auto set = [&](int level, int option, int value) {
        ::setsockopt(socket, level, option, &value, sizeof value);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

/// `sslMode` and `serverSslCert`, as MariaDB's own driver for Java has them.
void set_tls(MYSQL* handle, const DatabaseUrl& url) {
    const auto parameter = [&](const char* name) {
        const auto found = url.parameters.find(name);
        return found == url.parameters.end() ? std::string() : found->second;
    };
    const std::string mode = parameter("sslMode");
    if (mode.empty() || mode == "disable") return;
    my_bool on = 1;
    mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &on);
    const std::string authority = parameter("serverSslCert");
    if (!authority.empty()) mysql_options(handle, MYSQL_OPT_SSL_CA, authority.c_str());
    my_bool verify = mode == "trust" ? 0 : 1;
    mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

}  // namespace

MariadbServer::MariadbServer(DatabaseUrl url, std::string username, reflect::Secret password)
    : url_(std::move(url)), username_(std::move(username)), password_(std::move(password)) {}

Result<MariadbHandle> MariadbServer::connect(Duration patience, Reads reads) const {
    MariadbHandle handle(mysql_init(nullptr));
    if (!handle) return fail(SqlErrc::failed, "no memory for a connection");
    MYSQL* raw = handle.get();
    // The library counts in whole seconds.
    const auto seconds = static_cast<unsigned>(
        std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(patience).count(), 1, 60)
    );
    mysql_options(raw, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    if (reads == Reads::no_longer_than_connecting) mysql_options(raw, MYSQL_OPT_READ_TIMEOUT, &seconds);
    const unsigned tcp = MYSQL_PROTOCOL_TCP;
    mysql_options(raw, MYSQL_OPT_PROTOCOL, &tcp);
    mysql_options(raw, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(raw, MYSQL_INIT_COMMAND, session_settings);
    // A server could ask for any file of ours.
    const unsigned no_files = 0;
    mysql_options(raw, MYSQL_OPT_LOCAL_INFILE, &no_files);
    set_tls(raw, url_);
    const MYSQL* connected = mysql_real_connect(
        raw,
        url_.host.c_str(),
        username_.c_str(),
        password_.reveal().c_str(),
        url_.database.c_str(),
        url_.port,
        nullptr,
        CLIENT_FOUND_ROWS  // an update counts the rows that it met, as everywhere else
    );
    if (!connected) {
        const Error error = mariadb_error(mysql_errno(raw), mysql_sqlstate(raw), mysql_error(raw));
        return flotilla::fail(error.within(fmt::format("{}:{}", url_.host, url_.port)));
    }
    keep_watch(raw);
    return handle;
}

bool MariadbServer::kill_query(unsigned long connection) const noexcept {
    try {
        const auto handle = connect(1s, Reads::no_longer_than_connecting);
        if (!handle) return false;
        const std::string text = fmt::format("kill query {}", connection);
        return mysql_real_query(handle->get(), text.data(), text.size()) == 0;
    } catch (const std::exception&) {
        return false;  // no memory: the socket is closed instead
    }
}

MariadbDriver::MariadbDriver(const DatabaseUrl& url, const DataSourceConfig& config, const Clock& clock)
    : server_(std::make_shared<MariadbServer>(url, config.username, config.password)),
      max_result_(config.max_result_size.count),
      clock_(clock) {
    info_.dialect = Dialect(Product::mariadb);
    info_.service = "mysql-" + url.database;
    const bool numeric = url.host.find_first_not_of("0123456789.") == std::string::npos ||
                         url.host.find(':') != std::string::npos;
    if (numeric) info_.host = url.host;
    info_.port = url.port;
}

Result<std::unique_ptr<Connection>> MariadbDriver::connect(Deadline deadline) {
    const Duration patience = deadline.left(clock_.now());
    if (patience <= Duration::zero()) return fail(SqlErrc::timed_out, "no time is left to connect");
    FLT_TRY(MariadbHandle handle, server_->connect(patience));
    return std::make_unique<MariadbConnection>(server_, std::move(handle), max_result_);
}

}  // namespace flotilla::sql
