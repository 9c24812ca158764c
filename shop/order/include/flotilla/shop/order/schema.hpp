#pragma once
/// The tables of orders, as numbered migrations.

#include <span>

#include "flotilla/sql/migration.hpp"

namespace flotilla::shop::order {

std::span<const sql::Migration> migrations() noexcept;

}  // namespace flotilla::shop::order
