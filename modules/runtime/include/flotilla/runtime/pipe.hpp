#pragma once
/// A pipe of the kernel between two plain streams: bytes go from one to the other without being copied into
/// the program and out of it again.

#include <cstddef>
#include <utility>

#include "flotilla/base/result.hpp"

namespace flotilla::runtime {

/// `Stream::try_fill` puts bytes in, `Stream::try_drain` takes them out. It costs two descriptors.
class Pipe {
public:
    /// Fails when the process, or its user, has too many.
    static Result<Pipe> open();

    Pipe(Pipe&& other) noexcept
        : out_(std::exchange(other.out_, -1)),
          in_(std::exchange(other.in_, -1)),
          size_(std::exchange(other.size_, 0)) {}

    Pipe& operator=(Pipe&& other) noexcept {
        std::swap(out_, other.out_);
        std::swap(in_, other.in_);
        std::swap(size_, other.size_);
        return *this;
    }

    ~Pipe();

    /// Bytes that are inside.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    friend class Stream;

    Pipe(int out, int in) noexcept : out_(out), in_(in) {}

    int out_;
    int in_;
    std::size_t size_ = 0;
};

}  // namespace flotilla::runtime
