#pragma once
// A small number for each thread, for what keeps one thing per thread without a map.

#include <cstddef>

namespace flotilla::discovery::detail {

constexpr std::size_t slot_count = 64;

/// Below slot_count and nobody else's as long as this thread lives; slot_count when all are taken.
std::size_t thread_slot() noexcept;

}  // namespace flotilla::discovery::detail
