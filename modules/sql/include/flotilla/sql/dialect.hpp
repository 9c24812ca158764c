#pragma once
/// The few differences between databases that a repository meets. What is the same everywhere is not here:
/// `?` for values, `"name"` for odd names, `a || b`, `limit ? offset ?`, `insert ... returning`.

#include <span>
#include <string>
#include <string_view>

namespace flotilla::sql {

enum class Product { sqlite, mariadb };

class Dialect {
public:
    constexpr explicit Dialect(Product product) noexcept : product_(product) {}

    [[nodiscard]] constexpr Product product() const noexcept { return product_; }

    /// `SQLite`, `MariaDB`.
    [[nodiscard]] std::string_view name() const noexcept;

    /// An expression for the present, as columns of `datetime(3)` have it: milliseconds, UTC.
    [[nodiscard]] std::string_view now() const noexcept;

    /// What ends a `select` whose rows are about to be changed in the same transaction: ` for update`, or
    /// nothing where transactions that write come one after the other anyway.
    [[nodiscard]] std::string_view for_update() const noexcept;

    /// `insert into table(columns) values(?, ...)` that updates `updated` (nothing: leaves the row alone)
    /// when a row with these `keys` exists. The keys need a unique index, and should be the only one.
    [[nodiscard]] std::string upsert(
        std::string_view table,
        std::span<const std::string_view> columns,
        std::span<const std::string_view> keys,
        std::span<const std::string_view> updated
    ) const;

    /// Table definitions are written once, in MariaDB's words; this makes them this database's:
    ///
    ///     create table users(id bigint auto_increment primary key, name varchar(50) not null,
    ///       created_at datetime(3) default current_timestamp(3))
    ///
    /// For SQLite types become its own, with `check(length(name) <= 50)`; for MariaDB tables are made with
    /// InnoDB and compare texts byte by byte, as SQLite does.
    [[nodiscard]] std::string ddl(std::string_view portable) const;

    friend constexpr bool operator==(Dialect, Dialect) noexcept = default;

private:
    Product product_;
};

}  // namespace flotilla::sql
