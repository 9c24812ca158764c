#pragma once
// The pipes of one loop, through which long bodies go.

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "flotilla/runtime/pipe.hpp"

namespace flotilla::proxy {

class PipePool {
public:
    explicit PipePool(std::size_t most) noexcept : most_(most) {}

    /// An empty one. Nothing when as many are in use as there may be: memory does it too.
    std::optional<runtime::Pipe> take() {
        if (taken_ >= most_) return std::nullopt;
        std::optional<runtime::Pipe> pipe;
        if (!free_.empty()) {
            pipe = std::move(free_.back());
            free_.pop_back();
        } else if (auto made = runtime::Pipe::open()) {
            pipe = *std::move(made);
        }
        if (pipe) ++taken_;
        return pipe;
    }

    /// What is left in it belongs to an answer that has broken off: it goes with the pipe.
    void give(runtime::Pipe pipe) {
        --taken_;
        if (pipe.size() == 0 && free_.size() < most_kept) free_.push_back(std::move(pipe));
    }

private:
    static constexpr std::size_t most_kept = 32;

    std::size_t most_;
    std::vector<runtime::Pipe> free_;
    std::size_t taken_ = 0;
};

/// For the time of one body.
class PipeLoan {
public:
    explicit PipeLoan(PipePool& pool) : pool_(pool), pipe_(pool.take()) {}

    ~PipeLoan() {
        if (pipe_) pool_.give(*std::move(pipe_));
    }

    PipeLoan(const PipeLoan&) = delete;
    PipeLoan& operator=(const PipeLoan&) = delete;

    [[nodiscard]] runtime::Pipe* get() noexcept { return pipe_ ? &*pipe_ : nullptr; }

private:
    PipePool& pool_;
    std::optional<runtime::Pipe> pipe_;
};

}  // namespace flotilla::proxy
