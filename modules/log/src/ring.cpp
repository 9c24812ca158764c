#include "ring.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace flotilla::log::detail {

namespace {

constexpr std::uint32_t filler_bit = 1;  // sizes are multiples of 8, so the low bits are free

std::size_t whole_size(std::size_t payload) {
    return (Ring::prefix + payload + Ring::alignment - 1) & ~(Ring::alignment - 1);
}

}  // namespace

Ring::Ring(std::size_t at_least)
    : mask_(std::bit_ceil(std::max<std::size_t>(at_least, 64 * 1024)) - 1),
      bytes_(static_cast<std::byte*>(std::calloc(1, mask_ + 1))) {
    if (!bytes_) throw std::bad_alloc();
}

std::byte* Ring::reserve(std::size_t size) noexcept {
    const std::size_t need = whole_size(size);
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    std::size_t fill = 0;
    do {
        const std::size_t until_end = capacity() - (tail & mask_);
        fill = until_end < need ? until_end : 0;
        if (tail + fill + need - head_.load(std::memory_order_acquire) > capacity()) return nullptr;
    } while (!tail_.compare_exchange_weak(tail, tail + fill + need, std::memory_order_acq_rel));
    if (fill != 0) {
        word_at(bytes_.get() + (tail & mask_))
            .store(static_cast<std::uint32_t>(fill) | filler_bit, std::memory_order_release);
    }
    std::byte* record = bytes_.get() + ((tail + fill) & mask_);
    const auto kept = static_cast<std::uint32_t>(need);
    std::memcpy(record + 4, &kept, sizeof kept);
    return record + prefix;
}

void Ring::commit(std::byte* record) noexcept {
    std::uint32_t size = 0;
    std::memcpy(&size, record - prefix + 4, sizeof size);
    word_at(record - prefix).store(size, std::memory_order_seq_cst);
}

std::span<std::byte> Ring::front() noexcept {
    while (true) {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        std::byte* record = bytes_.get() + (head & mask_);
        const std::uint32_t word = word_at(record).load(std::memory_order_acquire);
        if (word == 0) return {};
        if ((word & filler_bit) == 0) return {record + prefix, word - prefix};
        word_at(record).store(0, std::memory_order_relaxed);
        head_.store(head + (word & ~filler_bit), std::memory_order_release);
    }
}

void Ring::pop() noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    std::byte* record = bytes_.get() + (head & mask_);
    const std::uint32_t size = word_at(record).load(std::memory_order_relaxed);
    word_at(record).store(0, std::memory_order_relaxed);
    std::memset(record + 4, 0, size - 4);
    head_.store(head + size, std::memory_order_release);
}

bool Ring::has_front() noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    return word_at(bytes_.get() + (head & mask_)).load(std::memory_order_seq_cst) != 0;
}

}  // namespace flotilla::log::detail
