#pragma once
/// A small number for each thread, for what keeps one thing per thread without a map.

#include <cstddef>

namespace flotilla {

inline constexpr std::size_t thread_slot_count = 64;

namespace detail {

inline constexpr std::size_t no_thread_slot_yet = thread_slot_count + 1;
inline constinit thread_local std::size_t thread_slot_here = no_thread_slot_yet;
std::size_t ask_for_thread_slot() noexcept;

}  // namespace detail

/// Below `thread_slot_count` and nobody else's as long as this thread lives, the lowest that is free when it
/// asks first; `thread_slot_count` when all are taken. What a former owner of the slot wrote there happened
/// before.
inline std::size_t thread_slot() noexcept {
    const std::size_t slot = detail::thread_slot_here;
    return slot != detail::no_thread_slot_yet ? slot : detail::ask_for_thread_slot();
}

}  // namespace flotilla
