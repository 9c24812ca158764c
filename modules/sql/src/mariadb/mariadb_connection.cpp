#include "mariadb_connection.hpp"

#include <errmsg.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <numeric>

#include "../statement_text.hpp"
#include "mariadb_columns.hpp"

namespace flotilla::sql {

namespace {

/// Reads away what a statement has not given yet, so that the connection can be used again.
class FreeAtEnd {
public:
    explicit FreeAtEnd(MYSQL_STMT* statement) noexcept : statement_(statement) {}

    ~FreeAtEnd() { mysql_stmt_free_result(statement_); }

    FreeAtEnd(const FreeAtEnd&) = delete;
    FreeAtEnd& operator=(const FreeAtEnd&) = delete;

private:
    MYSQL_STMT* statement_;
};

/// How many executions go with one statement; back to none at the end.
class ArraySize {
public:
    ArraySize(MYSQL_STMT* statement, std::size_t size) noexcept : statement_(statement) {
        set(static_cast<unsigned>(size));
    }

    ~ArraySize() { set(0); }

    ArraySize(const ArraySize&) = delete;
    ArraySize& operator=(const ArraySize&) = delete;

private:
    void set(unsigned size) noexcept { mysql_stmt_attr_set(statement_, STMT_ATTR_ARRAY_SIZE, &size); }

    MYSQL_STMT* statement_;
};

/// MySQL does not.
bool takes_many_at_once(MYSQL* handle) noexcept {
    unsigned long extended = 0;
    return mariadb_get_infov(handle, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended) == 0 &&
           (extended & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

std::size_t weight_of(const Statement& statement) {
    return std::accumulate(
        statement.values.begin(),
        statement.values.end(),
        std::size_t{0},
        [](std::size_t sum, const Value& value) { return sum + size_of(value); }
    );
}

/// As many of them as go into a packet of moderate size; at least one.
std::span<const Statement> packet_of(std::span<const Statement> statements) {
    constexpr std::size_t enough = 1 << 20;
    std::size_t size = 0;
    std::size_t count = 0;
    while (count < statements.size() && (count == 0 || size < enough)) size += weight_of(statements[count++]);
    return statements.first(count);
}

std::unexpected<Error> stopped() {
    return fail(SqlErrc::timed_out, "the statement was stopped");
}

}  // namespace

MariadbConnection::MariadbConnection(
    std::shared_ptr<const MariadbServer> server, MariadbHandle handle, std::size_t max_result
)
    : server_(std::move(server)),
      handle_(std::move(handle)),
      max_result_(max_result),
      takes_bulk_(takes_many_at_once(handle_.get())) {}

MariadbConnection::~MariadbConnection() {
    // Closing a statement tells the server, which may hang: not on a connection that is in trouble.
    if (broken_) ::shutdown(mysql_get_socket(handle_.get()), SHUT_RDWR);
}

Error MariadbConnection::note(unsigned number, std::string_view sqlstate, std::string_view message) {
    last_error_ = number;
    if (ends_connection(number)) broken_ = true;
    if (cancels_ > 0) return {make_error_code(SqlErrc::timed_out), "the statement was stopped"};
    return mariadb_error(number, sqlstate, message);
}

Error MariadbConnection::error_of_connection() {
    MYSQL* handle = handle_.get();
    return note(mysql_errno(handle), mysql_sqlstate(handle), mysql_error(handle));
}

Error MariadbConnection::error_of(MYSQL_STMT* statement) {
    return note(mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement), mysql_stmt_error(statement));
}

Result<MariadbStatement*> MariadbConnection::prepare(const std::string& text) {
    if (MariadbStatement* known = statements_.find(text)) return known;
    const std::size_t count = split_statements(text).size();
    if (count == 0) return fail(SqlErrc::syntax, "the statement is empty");
    if (count > 1) return fail(SqlErrc::syntax, "one statement at a time");
    MYSQL_STMT* made = mysql_stmt_init(handle_.get());
    if (!made) return flotilla::fail(error_of_connection());
    MariadbStatement prepared(made);
    if (mysql_stmt_prepare(made, text.data(), text.size()) != 0) return flotilla::fail(error_of(made));
    return &statements_.add(text, std::move(prepared));
}

Result<Rows> MariadbConnection::run(const Statement& statement) {
    FLT_TRY(MariadbStatement * prepared, prepare(statement.text));
    MYSQL_STMT* raw = prepared->get();
    const std::size_t wanted = mysql_stmt_param_count(raw);
    if (wanted != statement.values.size())
        return fail(
            SqlErrc::syntax,
            fmt::format(
                "the statement has {} placeholders and was given {} values", wanted, statement.values.size()
            )
        );
    if (!prepared->bind(statement.values) || mysql_stmt_execute(raw) != 0)
        return flotilla::fail(error_of(raw));
    const FreeAtEnd free_at_end(raw);
    auto rows = prepared->read(max_result_);
    if (!rows && rows.error().code() == SqlErrc::failed) return flotilla::fail(error_of(raw));
    if (!rows) return rows;
    const std::string word = first_word(statement.text);
    const bool inserts = word == "insert" || word == "replace";
    if (!rows->columns.empty() && (inserts || word == "delete"))
        rows->changes = static_cast<std::int64_t>(rows->size());
    if (inserts) rows->last_id = static_cast<std::int64_t>(mysql_stmt_insert_id(raw));
    return rows;
}

Result<Rows> MariadbConnection::execute(const Statement& statement, Deadline) {
    if (cancels_ > 0) return stopped();
    FLT_CHECK(check_values(statement));
    auto rows = run(statement);
    if (rows || broken_) return rows;
    const bool other_columns = last_error_ == CR_NEW_STMT_METADATA;
    const bool stale =
        other_columns || rows.error().code() == SqlErrc::syntax || rows.error().code() == SqlErrc::failed;
    if (stale) statements_.remove(statement.text);
    // The table has changed since this was prepared. What only reads can be asked again.
    if (other_columns && only_reads(statement.text)) return run(statement);
    return rows;
}

Result<Rows> MariadbConnection::run_in_bulk(std::span<const Statement> statements, Deadline deadline) {
    FLT_TRY(MariadbStatement * prepared, prepare(statements.front().text));
    MYSQL_STMT* raw = prepared->get();
    MariadbColumns columns(statements);
    const bool fits = statements.size() > 1 && takes_bulk_ && mysql_stmt_field_count(raw) == 0 &&
                      mysql_stmt_param_count(raw) > 0 && columns.fit(mysql_stmt_param_count(raw));
    if (!fits) return Connection::execute_all(statements, deadline);
    const ArraySize array_size(raw, statements.size());
    if (mysql_stmt_bind_param(raw, columns.binds()) != 0 || mysql_stmt_execute(raw) != 0)
        return flotilla::fail(error_of(raw));
    Rows rows;
    rows.changes = static_cast<std::int64_t>(mysql_stmt_affected_rows(raw));
    return rows;
}

Result<Rows> MariadbConnection::execute_all(std::span<const Statement> statements, Deadline deadline) {
    for (const Statement& statement : statements) FLT_CHECK(check_values(statement));
    Rows sum;
    while (!statements.empty()) {
        if (cancels_ > 0) return stopped();
        const auto packet = packet_of(statements);
        auto rows = run_in_bulk(packet, deadline);
        if (!rows) {
            // It may have met another table than it was prepared for.
            if (!broken_) statements_.remove(packet.front().text);
            return rows;
        }
        sum.changes += rows->changes;
        statements = statements.subspan(packet.size());
    }
    return sum;
}

Result<void> MariadbConnection::command(std::string_view text) {
    if (cancels_ > 0) return stopped();
    if (mysql_real_query(handle_.get(), text.data(), text.size()) != 0)
        return flotilla::fail(error_of_connection());
    return {};
}

Result<void> MariadbConnection::begin(Access access, Deadline) {
    return command(access == Access::read_only ? "start transaction read only" : "start transaction");
}

Result<void> MariadbConnection::commit(Deadline) {
    return command("commit");
}

Result<void> MariadbConnection::rollback() {
    return command("rollback");
}

bool MariadbConnection::in_transaction() const noexcept {
    return !broken_ && (handle_->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

Result<void> MariadbConnection::ping(Deadline) {
    if (cancels_ > 0) return stopped();
    if (mysql_ping(handle_.get()) != 0) return flotilla::fail(error_of_connection());
    return {};
}

bool MariadbConnection::looks_alive() noexcept {
    // Between two statements the server says nothing, except good-bye.
    pollfd socket{
        .fd = static_cast<int>(mysql_get_socket(handle_.get())), .events = POLLIN | POLLRDHUP, .revents = 0
    };
    return !broken_ && ::poll(&socket, 1, 0) == 0;
}

void MariadbConnection::cancel() noexcept {
    // Whether the kill met this statement or would meet the next is not known: the connection is not used
    // again.
    broken_ = true;
    const bool first = cancels_.fetch_add(1) == 0;
    if (first && server_->kill_query(mysql_thread_id(handle_.get()))) return;
    ::shutdown(mysql_get_socket(handle_.get()), SHUT_RDWR);
}

void MariadbConnection::rearm() noexcept {
    cancels_ = 0;
}

}  // namespace flotilla::sql
