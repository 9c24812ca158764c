#include "mariadb_columns.hpp"

#include <algorithm>

#include "mariadb_statement.hpp"

namespace flotilla::sql {

namespace {

enum_field_types type_of(const Value& value) noexcept {
    if (std::holds_alternative<Null>(value)) return MYSQL_TYPE_NULL;
    if (std::holds_alternative<std::int64_t>(value)) return MYSQL_TYPE_LONGLONG;
    if (std::holds_alternative<double>(value)) return MYSQL_TYPE_DOUBLE;
    if (std::holds_alternative<Blob>(value)) return MYSQL_TYPE_BLOB;
    return MYSQL_TYPE_STRING;
}

}  // namespace

bool MariadbColumns::take(Column& column, const Value& value) const {
    const enum_field_types type = type_of(value);
    const bool null = type == MYSQL_TYPE_NULL;
    if (!null && column.type == MYSQL_TYPE_NULL) column.type = type;
    if (!null && column.type != type) return false;
    column.indicators.push_back(null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE);
    const auto* integer = std::get_if<std::int64_t>(&value);
    column.integers.push_back(integer ? *integer : 0);
    const auto* number = std::get_if<double>(&value);
    column.numbers.push_back(number ? *number : 0);
    const std::string* text = std::get_if<std::string>(&value);
    if (const auto* blob = std::get_if<Blob>(&value)) text = &blob->bytes;
    if (const auto* time = std::get_if<WallTime>(&value)) {
        if (column.times.empty()) column.times.reserve(statements_.size());  // it is pointed at: it stays
        text = &column.times.emplace_back(time_text(*time));
    }
    column.texts.push_back(text ? text->data() : "");
    column.lengths.push_back(text ? text->size() : 0);
    return true;
}

void MariadbColumns::point(MYSQL_BIND& bind, Column& column) noexcept {
    // A column of nothing is one of texts that are null.
    bind.buffer_type = column.type == MYSQL_TYPE_NULL ? MYSQL_TYPE_STRING : column.type;
    if (bind.buffer_type == MYSQL_TYPE_LONGLONG)
        bind.buffer = column.integers.data();
    else if (bind.buffer_type == MYSQL_TYPE_DOUBLE)
        bind.buffer = column.numbers.data();
    else
        bind.buffer = column.texts.data();
    bind.length = column.lengths.data();
    bind.u.indicator = column.indicators.data();
}

bool MariadbColumns::fit(std::size_t parameters) {
    const bool complete = std::ranges::all_of(statements_, [&](const Statement& statement) {
        return statement.values.size() == parameters;
    });
    if (!complete) return false;
    columns_.assign(parameters, Column{});
    binds_.assign(parameters, MYSQL_BIND{});
    for (const Statement& statement : statements_)
        for (std::size_t i = 0; i < parameters; ++i)
            if (!take(columns_[i], statement.values[i])) return false;
    for (std::size_t i = 0; i < parameters; ++i) point(binds_[i], columns_[i]);
    return true;
}

}  // namespace flotilla::sql
