#pragma once
// The values of several executions of one statement, as libmariadb takes them: column by column.

#include <mysql.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "flotilla/sql/session.hpp"

namespace flotilla::sql {

class MariadbColumns {
public:
    /// The statements outlive it.
    explicit MariadbColumns(std::span<const Statement> statements) noexcept : statements_(statements) {}

    /// Fills the columns. False when they are not so many, or one has values of several kinds: those cannot
    /// go together.
    [[nodiscard]] bool fit(std::size_t parameters);

    [[nodiscard]] MYSQL_BIND* binds() noexcept { return binds_.data(); }

private:
    /// What the bind of a parameter points to.
    struct Column {
        std::vector<long long> integers;
        std::vector<double> numbers;
        std::vector<const char*> texts;
        std::vector<unsigned long> lengths;
        std::vector<std::string> times;
        std::vector<char> indicators;
        enum_field_types type = MYSQL_TYPE_NULL;  // of the values that are not null
    };

    [[nodiscard]] bool take(Column& column, const Value& value) const;
    static void point(MYSQL_BIND& bind, Column& column) noexcept;

    std::span<const Statement> statements_;
    std::vector<Column> columns_;
    std::vector<MYSQL_BIND> binds_;
};

}  // namespace flotilla::sql
