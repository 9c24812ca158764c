#pragma once
/// The tables of the catalog, as numbered migrations.

#include <span>

#include "flotilla/shop/identity.hpp"
#include "flotilla/sql/migration.hpp"

namespace flotilla::shop::catalog {

/// In the course nothing keeps the stock from falling below zero (N1), so its database is one of its own.
std::span<const sql::Migration> migrations(Profile profile);

}  // namespace flotilla::shop::catalog
