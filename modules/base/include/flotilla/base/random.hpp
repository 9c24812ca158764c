#pragma once
/// Randomness as a dependency: seeded and repeatable in tests, from the operating system elsewhere.

#include <array>
#include <cstdint>
#include <limits>

namespace flotilla {

/// xoshiro256**: fast and good for ids, jitter and sampling; never for keys or passwords. One per thread or
/// task. It is a standard uniform random bit generator, so it works with <random> and std::shuffle.
class Random {
public:
    using result_type = std::uint64_t;

    explicit Random(std::uint64_t seed) noexcept;

    /// Seeded by the operating system.
    static Random from_system();
    /// One per thread, seeded by the operating system.
    static Random& of_thread();

    std::uint64_t operator()() noexcept {
        const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = rotate(state_[3], 45);
        return result;
    }

    /// Uniform in [0, bound); bound is at least 1.
    std::uint64_t below(std::uint64_t bound) noexcept;

    /// Uniform in [0, 1).
    double unit() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

    static constexpr std::uint64_t min() noexcept { return 0; }

    static constexpr std::uint64_t max() noexcept { return std::numeric_limits<std::uint64_t>::max(); }

private:
    static constexpr std::uint64_t rotate(std::uint64_t x, int by) noexcept {
        return (x << by) | (x >> (64 - by));
    }

    std::array<std::uint64_t, 4> state_;
};

}  // namespace flotilla
