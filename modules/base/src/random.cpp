#include "flotilla/base/random.hpp"

#include <sys/random.h>

#include "flotilla/base/assert.hpp"

namespace flotilla {

Random::Random(std::uint64_t seed) noexcept : state_{} {
    // splitmix64 spreads a small seed over the whole state, which must not be all zero.
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        word = z ^ (z >> 31);
    }
}

Random Random::from_system() {
    std::uint64_t seed = 0;
    FLT_ASSERT(::getrandom(&seed, sizeof seed, 0) == sizeof seed);
    return Random(seed);
}

Random& Random::of_thread() {
    thread_local Random random = from_system();
    return random;
}

std::uint64_t Random::below(std::uint64_t bound) noexcept {
    // Lemire's multiply-and-shift; the rejected sliver keeps it exactly uniform.
    unsigned __int128 product = static_cast<unsigned __int128>((*this)()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
        const std::uint64_t threshold = (0 - bound) % bound;
        while (static_cast<std::uint64_t>(product) < threshold)
            product = static_cast<unsigned __int128>((*this)()) * bound;
    }
    return static_cast<std::uint64_t>(product >> 64);
}

}  // namespace flotilla
