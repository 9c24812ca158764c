#pragma once
/// The tables of the catalog, as numbered migrations.

#include <span>

#include "flotilla/sql/migration.hpp"

namespace flotilla::shop::catalog {

std::span<const sql::Migration> migrations() noexcept;

}  // namespace flotilla::shop::catalog
