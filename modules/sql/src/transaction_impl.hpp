#pragma once

#include <memory>
#include <optional>

#include "flotilla/sql/transaction.hpp"
#include "pool.hpp"

namespace flotilla::sql {

/// The database hears of a transaction with its first statement: one hop for both.
struct Transaction::Impl {
    Impl(std::shared_ptr<Pool> from, LeasePtr held, Access how) noexcept
        : pool(std::move(from)), lease(std::move(held)), access(how) {}

    ~Impl() { pool->dispose(std::move(lease)); }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    std::shared_ptr<Pool> pool;
    LeasePtr lease;  // null once it has ended
    const Access access;
    bool begun = false;
    std::optional<Error> failure;  // what ended it before its time
};

}  // namespace flotilla::sql
