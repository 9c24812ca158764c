#include "sqlite_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "../statement_text.hpp"
#include "flotilla/base/text.hpp"
#include "flotilla/base/units.hpp"
#include "sqlite_driver.hpp"

namespace flotilla::sql {

namespace {

using namespace std::chrono_literals;

/// How often, in instructions of SQLite's machine, a statement looks whether it was cancelled.
constexpr int steps_between_looks = 4000;

int bind_value(sqlite3_stmt* statement, int index, const Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        return sqlite3_bind_int64(statement, index, *integer);
    if (const auto* number = std::get_if<double>(&value))
        return sqlite3_bind_double(statement, index, *number);
    // The statement's values outlive its run, after which bindings are cleared: no copies.
    if (const auto* text = std::get_if<std::string>(&value))
        return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    if (const auto* blob = std::get_if<Blob>(&value))
        return sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC);
    if (const auto* time = std::get_if<WallTime>(&value)) {
        const std::string text = format_iso_millis(std::chrono::floor<std::chrono::milliseconds>(*time));
        return sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    return sqlite3_bind_null(statement, index);
}

Value column_value(sqlite3_stmt* statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, column);
        case SQLITE_TEXT: {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
            return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
        }
        case SQLITE_BLOB: {
            const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
            return Blob{size == 0 ? std::string() : std::string(bytes, size)};
        }
        default:
            return Null{};
    }
}

bool is_busy(int code) noexcept {
    return (code & 0xff) == SQLITE_BUSY;
}

/// Resets a statement at the end of its use, so that it holds no lock and no values.
class Use {
public:
    explicit Use(sqlite3_stmt* statement) noexcept : statement_(statement) {}

    ~Use() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

private:
    sqlite3_stmt* statement_;
};

}  // namespace

SqliteConnection::SqliteConnection(
    SqliteHandle database, const Clock& clock, Duration busy_timeout, std::size_t max_result
)
    : clock_(clock), busy_timeout_(busy_timeout), max_result_(max_result), database_(std::move(database)) {
    sqlite3_busy_handler(
        database_.get(),
        [](void* self, int count) {
            return static_cast<SqliteConnection*>(self)->wait_for_lock(count) ? 1 : 0;
        },
        this
    );
    sqlite3_progress_handler(
        database_.get(),
        steps_between_looks,
        [](void* self) { return static_cast<SqliteConnection*>(self)->cancelled_.load() ? 1 : 0; },
        this
    );
}

void SqliteConnection::start(Deadline deadline) noexcept {
    deadline_ = deadline.never() ? Deadline::after(clock_.now(), busy_timeout_) : deadline;
}

bool SqliteConnection::wait_for_lock(int count) noexcept {
    constexpr std::array<Duration, 8> waits{500us, 1ms, 1ms, 2ms, 3ms, 5ms, 8ms, 12ms};
    if (cancelled_) return false;
    const Duration left = deadline_.left(clock_.now());
    if (left <= Duration::zero()) return false;
    const auto step = std::min(static_cast<std::size_t>(count), waits.size() - 1);
    std::this_thread::sleep_for(std::min(left, waits[step]));
    return !cancelled_;
}

Result<sqlite3_stmt*> SqliteConnection::prepare(const std::string& text) {
    if (SqliteStatement* known = statements_.find(text)) return known->get();
    sqlite3_stmt* made = nullptr;
    const char* rest = nullptr;
    int code = SQLITE_OK;
    // Reading the schema may find it locked.
    for (int count = 0;; ++count) {
        code = sqlite3_prepare_v3(
            database_.get(),
            text.data(),
            static_cast<int>(text.size()) + 1,
            SQLITE_PREPARE_PERSISTENT,
            &made,
            &rest
        );
        if (!is_busy(code) || !wait_for_lock(count)) break;
    }
    if (code != SQLITE_OK) return flotilla::fail(sqlite_error(database_.get(), code));
    SqliteStatement prepared(made);
    if (!prepared) return fail(SqlErrc::syntax, "the statement is empty");
    if (!split_statements(rest).empty()) return fail(SqlErrc::syntax, "one statement at a time");
    return statements_.add(text, std::move(prepared)).get();
}

Result<void> SqliteConnection::bind(sqlite3_stmt* statement, const Statement& from) {
    const int wanted = sqlite3_bind_parameter_count(statement);
    if (static_cast<std::size_t>(wanted) != from.values.size())
        return fail(
            SqlErrc::syntax,
            fmt::format(
                "the statement has {} placeholders and was given {} values", wanted, from.values.size()
            )
        );
    for (int i = 0; i < wanted; ++i) {
        const int code = bind_value(statement, i + 1, from.values[static_cast<std::size_t>(i)]);
        if (code != SQLITE_OK) return flotilla::fail(sqlite_error(database_.get(), code));
    }
    return {};
}

Result<Rows> SqliteConnection::step_through(sqlite3_stmt* statement) {
    Rows rows;
    const std::int64_t before = sqlite3_total_changes64(database_.get());
    std::size_t size = 0;
    for (int busy = 0;;) {
        if (cancelled_) return fail(SqlErrc::timed_out, "the statement was stopped");
        const int code = sqlite3_step(statement);
        // Only now: the first step prepares anew when a table has changed.
        const int width = sqlite3_column_count(statement);
        if (rows.columns.empty())
            for (int i = 0; i < width; ++i) rows.columns.emplace_back(sqlite3_column_name(statement, i));
        if (code == SQLITE_DONE) break;
        if (code == SQLITE_ROW) {
            for (int i = 0; i < width; ++i) {
                rows.values.push_back(column_value(statement, i));
                size += size_of(rows.values.back());
            }
            if (size > max_result_)
                return flotilla::fail(flotilla::Errc::limit_exceeded, "the result is too large");
            continue;
        }
        // SQLite gives up at once where waiting under a lock of one's own could be a deadlock. By itself, and
        // before the first row, a statement holds none.
        if (is_busy(code) && !in_transaction() && rows.values.empty() && wait_for_lock(busy++)) {
            sqlite3_reset(statement);
            continue;
        }
        const int primary = code & 0xff;
        broken_ = broken_ || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_IOERR;
        return flotilla::fail(sqlite_error(database_.get(), code));
    }
    if (sqlite3_total_changes64(database_.get()) != before) rows.changes = sqlite3_changes64(database_.get());
    return rows;
}

Result<Rows> SqliteConnection::execute(const Statement& statement, Deadline deadline) {
    start(deadline);
    FLT_CHECK(check_values(statement));
    FLT_TRY(sqlite3_stmt * prepared, prepare(statement.text));
    const Use use(prepared);
    FLT_CHECK(bind(prepared, statement));
    auto rows = step_through(prepared);
    if (rows && rows->changes > 0) {
        const std::string word = first_word(statement.text);
        if (word == "insert" || word == "replace") rows->last_id = sqlite3_last_insert_rowid(database_.get());
    }
    return rows;
}

Result<void> SqliteConnection::command(const char* text, Deadline deadline) {
    start(deadline);
    FLT_TRY(sqlite3_stmt * prepared, prepare(text));
    const Use use(prepared);
    for (int busy = 0;;) {
        const int code = sqlite3_step(prepared);
        if (code == SQLITE_DONE) return {};
        if (code == SQLITE_ROW) continue;
        if (!is_busy(code) || !wait_for_lock(busy++))
            return flotilla::fail(sqlite_error(database_.get(), code));
        sqlite3_reset(prepared);
    }
}

Result<void> SqliteConnection::begin(Access access, Deadline deadline) {
    if (access == Access::read_write) return command("begin immediate", deadline);
    FLT_CHECK(command("pragma query_only = on", deadline));
    query_only_ = true;
    return command("begin", deadline);
}

Result<void> SqliteConnection::commit(Deadline deadline) {
    FLT_CHECK(command("commit", deadline));
    if (std::exchange(query_only_, false)) return command("pragma query_only = off", {});
    return {};
}

Result<void> SqliteConnection::rollback() {
    if (in_transaction()) FLT_CHECK(command("rollback", {}));
    if (std::exchange(query_only_, false)) return command("pragma query_only = off", {});
    return {};
}

bool SqliteConnection::in_transaction() const noexcept {
    return sqlite3_get_autocommit(database_.get()) == 0;
}

Result<void> SqliteConnection::ping(Deadline deadline) {
    // Reads the file's header, so that a file that is gone or no database is noticed.
    return command("select count(*) from sqlite_schema", deadline);
}

void SqliteConnection::cancel() noexcept {
    cancelled_ = true;
    sqlite3_interrupt(database_.get());
}

}  // namespace flotilla::sql
