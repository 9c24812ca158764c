// Consistent hashing: equal keys go to one instance, and a change of the list moves few of them.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "flotilla/discovery/picker.hpp"

namespace flotilla::discovery::detail {

namespace {

/// Ids differ in few characters, keys too: every bit has to count.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ULL;
    return x ^ (x >> 33);
}

std::uint64_t key_of(const PickRequest& request, Random& random) noexcept {
    return request.key.empty() ? random() : hash_of(request.key);
}

/// Ketama: each instance has points on a ring in proportion to its weight; a key belongs to the next point.
class RingPicker final : public Picker {
public:
    RingPicker(std::span<const Candidate> candidates, std::uint32_t least_size) {
        double total = 0;
        for (const Candidate& candidate : candidates) total += candidate.weight;
        // Points per unit of weight are a power of two, so that they seldom change with the list: only then
        // do keys move that belong to none of those who came or went.
        const double points_per_unit = std::exp2(std::ceil(std::log2(least_size / total)));
        for (std::uint32_t i = 0; i < candidates.size(); ++i) {
            const double points = std::max(1.0, candidates[i].weight * points_per_unit);
            const std::string& id = candidates[i].member->instance().id;
            for (std::uint64_t n = 0; n < static_cast<std::uint64_t>(points); ++n) {
                ring_.push_back({hash_of(id, n + 1), i});
            }
        }
        std::sort(ring_.begin(), ring_.end(), [](const Point& a, const Point& b) { return a.at < b.at; });
    }

    [[nodiscard]] std::size_t pick(const PickRequest& request, Random& random) const override {
        const std::uint64_t key = key_of(request, random);
        const auto next =
            std::lower_bound(ring_.begin(), ring_.end(), key, [](const Point& point, std::uint64_t at) {
                return point.at < at;
            });
        return (next == ring_.end() ? ring_.front() : *next).index;
    }

private:
    struct Point {
        std::uint64_t at;
        std::uint32_t index;
    };

    std::vector<Point> ring_;
};

/// Maglev (Eisenbud et al., NSDI 2016): each instance fills a table in an order of its own, taking turns as
/// often as its weight says.
class MaglevPicker final : public Picker {
public:
    explicit MaglevPicker(std::span<const Candidate> candidates) : table_(size, nobody) {
        struct Row {
            std::uint64_t at;
            std::uint64_t step;
            double weight;
            double credit;
        };

        double heaviest = 0;
        for (const Candidate& candidate : candidates) heaviest = std::max(heaviest, candidate.weight);
        std::vector<Row> rows;
        for (const Candidate& candidate : candidates) {
            const std::string& id = candidate.member->instance().id;
            rows.push_back(
                {hash_of(id, 1) % size, hash_of(id, 2) % (size - 1) + 1, candidate.weight / heaviest, 0.0}
            );
        }
        for (std::size_t filled = 0; filled < size;) {
            for (std::uint32_t i = 0; i < rows.size() && filled < size; ++i) {
                Row& row = rows[i];
                row.credit += row.weight;
                if (row.credit < 1.0) continue;
                row.credit -= 1.0;
                while (table_[row.at] != nobody) row.at = (row.at + row.step) % size;
                table_[row.at] = i;
                ++filled;
            }
        }
    }

    [[nodiscard]] std::size_t pick(const PickRequest& request, Random& random) const override {
        return table_[key_of(request, random) % size];
    }

private:
    static constexpr std::size_t size = 65'537;  // a prime, so that every step visits every place
    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

    std::vector<std::uint32_t> table_;
};

}  // namespace

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL ^ mix(seed);
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return mix(hash);
}

std::unique_ptr<const Picker> make_ring(std::span<const Candidate> candidates, std::uint32_t least_size) {
    return std::make_unique<RingPicker>(candidates, least_size);
}

std::unique_ptr<const Picker> make_maglev(std::span<const Candidate> candidates) {
    return std::make_unique<MaglevPicker>(candidates);
}

}  // namespace flotilla::discovery::detail
