#pragma once
/// The tables of users, as numbered migrations.

#include <span>

#include "flotilla/sql/migration.hpp"

namespace flotilla::shop::user {

std::span<const sql::Migration> migrations() noexcept;

}  // namespace flotilla::shop::user
