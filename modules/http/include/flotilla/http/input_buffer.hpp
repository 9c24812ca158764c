#pragma once
/// Bytes that have arrived and are not used up. Blocks come from a pool of the loop, so that an idle
/// connection holds none.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/assert.hpp"

namespace flotilla::http {

/// Blocks of one size, of one loop; it outlives the buffers that use it.
class BlockPool {
public:
    explicit BlockPool(std::size_t block_size = 16 * 1024, std::size_t kept_blocks = 256) noexcept
        : block_size_(block_size), kept_blocks_(kept_blocks) {}

    [[nodiscard]] std::size_t block_size() const noexcept { return block_size_; }

    std::unique_ptr<char[]> take() {
        if (free_.empty()) return std::make_unique_for_overwrite<char[]>(block_size_);
        auto block = std::move(free_.back());
        free_.pop_back();
        return block;
    }

    void give(std::unique_ptr<char[]> block) {
        if (free_.size() < kept_blocks_) free_.push_back(std::move(block));
    }

private:
    std::size_t block_size_;
    std::size_t kept_blocks_;
    std::vector<std::unique_ptr<char[]>> free_;
};

/// Views into it are valid until `room` or `release`; moving the buffer keeps them.
class InputBuffer {
public:
    explicit InputBuffer(BlockPool& pool) noexcept : pool_(&pool) {}

    InputBuffer(InputBuffer&& other) noexcept
        : pool_(other.pool_),
          memory_(std::move(other.memory_)),
          capacity_(std::exchange(other.capacity_, 0)),
          begin_(std::exchange(other.begin_, 0)),
          end_(std::exchange(other.end_, 0)) {}

    InputBuffer& operator=(InputBuffer&& other) noexcept {
        release();
        memory_ = std::move(other.memory_);
        capacity_ = std::exchange(other.capacity_, 0);
        begin_ = std::exchange(other.begin_, 0);
        end_ = std::exchange(other.end_, 0);
        return *this;
    }

    ~InputBuffer() { release(); }

    [[nodiscard]] std::string_view view() const noexcept { return {memory_.get() + begin_, end_ - begin_}; }

    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

    void consume(std::size_t bytes) noexcept {
        begin_ += bytes;
        FLT_ASSERT(begin_ <= end_);
        if (begin_ == end_) begin_ = end_ = 0;
    }

    /// Room for at least one byte after what is there. May move what is there, but only when it must.
    std::pair<char*, std::size_t> room() {
        if (!memory_) {
            memory_ = pool_->take();
            capacity_ = pool_->block_size();
        }
        if (end_ == capacity_) {
            if (begin_ > 0) {
                std::memmove(memory_.get(), memory_.get() + begin_, end_ - begin_);
            } else {
                grow();
            }
            end_ -= begin_;
            begin_ = 0;
        }
        return {memory_.get() + end_, capacity_ - end_};
    }

    void added(std::size_t bytes) noexcept { end_ += bytes; }

    void append(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto [at, size] = room();
            const std::size_t now = std::min(size, bytes.size());
            std::memcpy(at, bytes.data(), now);
            added(now);
            bytes.remove_prefix(now);
        }
    }

    /// Gives the memory back; what was in it is forgotten.
    void release() noexcept {
        if (memory_ && capacity_ == pool_->block_size()) pool_->give(std::move(memory_));
        memory_.reset();
        capacity_ = begin_ = end_ = 0;
    }

private:
    void grow() {
        // A head may be longer than a block; the parser's limits bound how long.
        auto larger = std::make_unique_for_overwrite<char[]>(capacity_ * 2);
        std::memcpy(larger.get(), memory_.get(), end_);
        if (capacity_ == pool_->block_size()) pool_->give(std::move(memory_));
        memory_ = std::move(larger);
        capacity_ *= 2;
    }

    BlockPool* pool_;
    std::unique_ptr<char[]> memory_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace flotilla::http
