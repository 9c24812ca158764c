#pragma once
// A prepared statement of MariaDB with the buffers that its values go through.

#include <mysql.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "flotilla/sql/session.hpp"

namespace flotilla::sql {

struct CloseMariadbStatement {
    void operator()(MYSQL_STMT* statement) const noexcept { mysql_stmt_close(statement); }
};

/// As columns of times read it: `2021-11-28 11:32:11.699`
std::string time_text(WallTime time);

/// libmariadb's structures take pointers to what they only read.
template <class T>
void* readable(const T* data) noexcept {
    return const_cast<T*>(data);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

class MariadbStatement {
public:
    explicit MariadbStatement(MYSQL_STMT* prepared) noexcept : statement_(prepared) {}

    [[nodiscard]] MYSQL_STMT* get() const noexcept { return statement_.get(); }

    /// Binds the values, which must outlive the execution. False when libmariadb refuses.
    [[nodiscard]] bool bind(const std::vector<Value>& values);

    /// Reads all rows of what was executed; `limit_exceeded` when they are larger than `max_size`, an error
    /// of the statement as `failed` with an empty message: the caller asks the statement for it.
    Result<Rows> read(std::size_t max_size);

private:
    /// Where one column of the row at hand arrives.
    struct Cell {
        enum_field_types type = MYSQL_TYPE_NULL;  // as the column has it
        bool is_unsigned = false;
        bool bytes = false;  // not text
        long long integer = 0;
        double number = 0;
        std::array<char, 256> text{};  // longer ones are asked for by themselves
        unsigned long length = 0;
        my_bool null = 0;
        my_bool truncated = 0;
    };

    void prepare_cells(Rows& rows);
    Value value_of(std::size_t column);

    std::unique_ptr<MYSQL_STMT, CloseMariadbStatement> statement_;
    std::vector<MYSQL_BIND> in_;
    std::vector<std::string> times_;  // values that have a text form on the way
    std::vector<MYSQL_BIND> out_;
    std::vector<Cell> cells_;
};

}  // namespace flotilla::sql
