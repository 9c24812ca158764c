// Consistent hashing: equal keys go to one instance, and a change of the list moves few of them.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "flotilla/discovery/picker.hpp"

namespace flotilla::discovery::detail {

namespace {

/// The halves of a product: every bit of the one factor counts in all bits of the result.
constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

template <class Word>
std::uint64_t word_at(const char* at) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// The last eight bytes, those before them again where there are some; all of a shorter text.
std::uint64_t last_word(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    if (text.size() >= 8) return word_at<std::uint64_t>(end - 8);
    if (text.size() >= 4) return word_at<std::uint32_t>(text.data()) << 32 | word_at<std::uint32_t>(end - 4);
    std::uint64_t word = 0;
    for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
    return word;
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
        // Keys after the last point belong to the first.
        ring_.push_back({std::numeric_limits<std::uint64_t>::max(), ring_.front().index});
        const auto bits = static_cast<int>(std::bit_width(ring_.size()));
        shift_ = 64 - bits;
        starts_.reserve(std::size_t{1} << bits);
        std::uint32_t start = 0;
        for (std::uint64_t arc = 0; arc < std::uint64_t{1} << bits; ++arc) {
            while (ring_[start].at < arc << shift_) ++start;
            starts_.push_back(start);
        }
    }

    [[nodiscard]] std::size_t pick(const PickRequest& request, Random& random) const override {
        const std::uint64_t key = key_of(request, random);
        std::size_t next = starts_[key >> shift_];
        while (ring_[next].at < key) ++next;
        return ring_[next].index;
    }

private:
    struct Point {
        std::uint64_t at;
        std::uint32_t index;
    };

    std::vector<Point> ring_;
    // The ring in equal arcs, more of them than points: the first point in or after each. A key passes hardly
    // any from there.
    std::vector<std::uint32_t> starts_;
    int shift_ = 0;
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
        return table_[(key_of(request, random) >> 32) * size >> 32];
    }

private:
    static constexpr std::size_t size = 65'537;  // a prime, so that every step visits every place
    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

    std::vector<std::uint32_t> table_;
};

}  // namespace

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
    constexpr std::uint64_t salts[] = {0x9e3779b97f4a7c15ULL, 0xc4ceb9fe1a85ec53ULL, 0xff51afd7ed558ccdULL};
    std::uint64_t hash = fold(seed ^ salts[0], text.size() ^ salts[1]);
    for (std::string_view rest = text; rest.size() > 8; rest.remove_prefix(8))
        hash = fold(hash ^ word_at<std::uint64_t>(rest.data()), salts[1]);
    return fold(fold(hash ^ last_word(text), salts[2]) ^ salts[1], salts[0]);
}

std::unique_ptr<const Picker> make_ring(std::span<const Candidate> candidates, std::uint32_t least_size) {
    return std::make_unique<RingPicker>(candidates, least_size);
}

std::unique_ptr<const Picker> make_maglev(std::span<const Candidate> candidates) {
    return std::make_unique<MaglevPicker>(candidates);
}

}  // namespace flotilla::discovery::detail
