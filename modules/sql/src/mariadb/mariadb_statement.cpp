#include "mariadb_statement.hpp"

#include <algorithm>

#include "../statement_text.hpp"
#include "flotilla/base/units.hpp"

namespace flotilla::sql {

namespace {

/// What columns of bytes have for a character set.
constexpr unsigned binary_charset = 63;

void point_at(MYSQL_BIND& bind, enum_field_types type, const std::string& text) noexcept {
    bind.buffer_type = type;
    bind.buffer = readable(text.data());
    bind.buffer_length = text.size();
}

bool is_integer(enum_field_types type) noexcept {
    return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 ||
           type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_YEAR;
}

bool is_number(enum_field_types type) noexcept {
    return type == MYSQL_TYPE_FLOAT || type == MYSQL_TYPE_DOUBLE;
}

bool holds_bytes(const MYSQL_FIELD& field) noexcept {
    switch (field.type) {
        case MYSQL_TYPE_BIT:
            return true;
        case MYSQL_TYPE_TINY_BLOB:
        case MYSQL_TYPE_MEDIUM_BLOB:
        case MYSQL_TYPE_LONG_BLOB:
        case MYSQL_TYPE_BLOB:
        case MYSQL_TYPE_VARCHAR:
        case MYSQL_TYPE_VAR_STRING:
        case MYSQL_TYPE_STRING:
            return field.charsetnr == binary_charset;
        default:
            return false;
    }
}

struct FreeResult {
    void operator()(MYSQL_RES* result) const noexcept { mysql_free_result(result); }
};

}  // namespace

std::string time_text(WallTime time) {
    std::string text = format_iso_millis(std::chrono::floor<std::chrono::milliseconds>(time), "");
    text[10] = ' ';
    return text;
}

bool MariadbStatement::bind(const std::vector<Value>& values) {
    in_.assign(values.size(), MYSQL_BIND{});
    times_.clear();
    times_.reserve(values.size());  // what is pointed at does not move
    for (std::size_t i = 0; i < values.size(); ++i) {
        MYSQL_BIND& bind = in_[i];
        if (const auto* integer = std::get_if<std::int64_t>(&values[i])) {
            bind.buffer_type = MYSQL_TYPE_LONGLONG;
            bind.buffer = readable(integer);
        } else if (const auto* number = std::get_if<double>(&values[i])) {
            bind.buffer_type = MYSQL_TYPE_DOUBLE;
            bind.buffer = readable(number);
        } else if (const auto* text = std::get_if<std::string>(&values[i])) {
            point_at(bind, MYSQL_TYPE_STRING, *text);
        } else if (const auto* blob = std::get_if<Blob>(&values[i])) {
            point_at(bind, MYSQL_TYPE_BLOB, blob->bytes);
        } else if (const auto* time = std::get_if<WallTime>(&values[i])) {
            point_at(bind, MYSQL_TYPE_STRING, times_.emplace_back(time_text(*time)));
        } else {
            bind.buffer_type = MYSQL_TYPE_NULL;
        }
    }
    return in_.empty() || mysql_stmt_bind_param(statement_.get(), in_.data()) == 0;
}

void MariadbStatement::prepare_cells(Rows& rows) {
    const std::unique_ptr<MYSQL_RES, FreeResult> metadata(mysql_stmt_result_metadata(statement_.get()));
    if (!metadata) return;
    const unsigned width = mysql_num_fields(metadata.get());
    const MYSQL_FIELD* fields = mysql_fetch_fields(metadata.get());
    // The table may have other columns than last time.
    cells_.assign(width, Cell{});
    out_.assign(width, MYSQL_BIND{});
    for (unsigned i = 0; i < width; ++i) {
        rows.columns.emplace_back(fields[i].name, fields[i].name_length);
        Cell& cell = cells_[i];
        MYSQL_BIND& bind = out_[i];
        cell.type = fields[i].type;
        cell.is_unsigned = (fields[i].flags & UNSIGNED_FLAG) != 0;
        cell.bytes = holds_bytes(fields[i]);
        bind.is_null = &cell.null;
        bind.length = &cell.length;
        bind.error = &cell.truncated;
        if (is_integer(cell.type)) {
            bind.buffer_type = MYSQL_TYPE_LONGLONG;
            bind.buffer = &cell.integer;
            bind.is_unsigned = cell.is_unsigned ? 1 : 0;
        } else if (is_number(cell.type)) {
            bind.buffer_type = MYSQL_TYPE_DOUBLE;
            bind.buffer = &cell.number;
        } else {
            bind.buffer_type = cell.bytes ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
            bind.buffer = cell.text.data();
            bind.buffer_length = cell.text.size();
        }
    }
}

Value MariadbStatement::value_of(std::size_t column) {
    Cell& cell = cells_[column];
    if (cell.null) return Null{};
    if (is_integer(cell.type)) {
        if (cell.is_unsigned && cell.integer < 0)
            return std::to_string(static_cast<std::uint64_t>(cell.integer));
        return static_cast<std::int64_t>(cell.integer);
    }
    if (is_number(cell.type)) return cell.number;
    std::string text(cell.text.data(), std::min<std::size_t>(cell.length, cell.text.size()));
    if (cell.length > cell.text.size()) {
        text.resize(cell.length);
        MYSQL_BIND whole = out_[column];
        whole.buffer = text.data();
        whole.buffer_length = text.size();
        mysql_stmt_fetch_column(statement_.get(), &whole, static_cast<unsigned>(column), 0);
    }
    if (cell.bytes) return Blob{std::move(text)};
    return text;
}

Result<Rows> MariadbStatement::read(std::size_t max_size) {
    Rows rows;
    if (mysql_stmt_field_count(statement_.get()) == 0) {
        rows.changes = static_cast<std::int64_t>(mysql_stmt_affected_rows(statement_.get()));
        return rows;
    }
    prepare_cells(rows);
    if (out_.empty() || mysql_stmt_bind_result(statement_.get(), out_.data()) != 0)
        return fail(SqlErrc::failed);
    std::size_t size = 0;
    for (;;) {
        const int code = mysql_stmt_fetch(statement_.get());
        if (code == MYSQL_NO_DATA) return rows;
        if (code != 0 && code != MYSQL_DATA_TRUNCATED) return fail(SqlErrc::failed);
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            // Before the memory is taken for it.
            if (size + cells_[i].length > max_size)
                return flotilla::fail(flotilla::Errc::limit_exceeded, "the result is too large");
            rows.values.push_back(value_of(i));
            size += size_of(rows.values.back());
        }
    }
}

}  // namespace flotilla::sql
