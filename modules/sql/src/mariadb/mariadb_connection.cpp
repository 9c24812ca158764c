#include "mariadb_connection.hpp"

#include <errmsg.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include "../statement_text.hpp"

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

std::unexpected<Error> stopped() {
    return fail(SqlErrc::timed_out, "the statement was stopped");
}

}  // namespace

MariadbConnection::MariadbConnection(
    std::shared_ptr<const MariadbServer> server, MariadbHandle handle, std::size_t max_result
)
    : server_(std::move(server)), handle_(std::move(handle)), max_result_(max_result) {}

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
