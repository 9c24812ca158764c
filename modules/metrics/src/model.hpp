#pragma once
/// The meters behind the handles.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "buckets.hpp"
#include "exemplars.hpp"
#include "flotilla/metrics/cells.hpp"
#include "flotilla/metrics/meters.hpp"
#include "flotilla/metrics/registry.hpp"
#include "naming.hpp"
#include "window.hpp"

namespace flotilla::metrics::detail {

struct Name;

/// There may be a hundred thousand: its labels are rendered from the tags when it is scraped.
struct Meter {
    Meter() = default;
    virtual ~Meter() = default;
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;

    Name* name = nullptr;
    Tags tags;
    std::uint32_t hash = 0;   ///< of name and tags
    std::uint32_t lines = 1;  ///< of a scrape
    Kind kind{};
    bool unchanged = false;  ///< registered under the very id that was asked for
    bool exported = false;
    bool idle = false;  ///< left out until it counts again
};

struct CounterMeter final : Meter {
    std::uint32_t cell = 0;  // beside the flags of the base
    CellGroup* group = nullptr;
};

struct FunctionCounterMeter final : Meter {
    std::function<double()> read;
};

struct GaugeMeter final : Meter {
    std::atomic<double> value{0};
};

struct FunctionGaugeMeter final : Meter {
    std::function<double()> read;
};

struct FunctionTimerMeter final : Meter {
    std::function<CountAndTotal()> read;
};

struct MultiGaugeMeter final : Meter {
    struct Row {
        Tags tags;
        double value;
    };

    using Rows = std::shared_ptr<const std::vector<Row>>;

    [[nodiscard]] Rows rows() const {
        const std::scoped_lock lock(mutex);
        return current;
    }

    std::function<std::optional<Tags>(const Tags&)> admit;  ///< the filters
    mutable std::mutex mutex;
    Rows current = std::make_shared<const std::vector<Row>>();
};

/// A timer or summary. Cells of each thread: sum, then the buckets (one when there is no histogram: the
/// count), then pairs of generation and maximum.
struct DistributionMeter final : Meter {
    ~DistributionMeter() override { delete exemplars.load(); }

    void record_time(std::uint64_t nanoseconds) noexcept;
    void record_amount(double amount) noexcept;

    [[nodiscard]] std::uint32_t bucket_count() const noexcept { return buckets ? buckets->size() : 1; }

    [[nodiscard]] std::uint32_t max_offset() const noexcept { return offset + 1 + bucket_count(); }

    /// Adds each bucket's own count to `counts`, which has bucket_count() places.
    void add_counts(std::uint64_t* counts) const noexcept {
        group->add_up(offset + 1, bucket_count(), counts);
    }

    [[nodiscard]] std::uint64_t count() const;
    /// Seconds for timers.
    [[nodiscard]] double sum() const noexcept;
    [[nodiscard]] double max() const noexcept;
    [[nodiscard]] std::uint64_t max_bits() const noexcept;

    CellGroup* group = nullptr;
    std::uint32_t offset = 0;
    std::uint32_t ring_mask = 3;  ///< of the pairs
    const Buckets* buckets = nullptr;
    const Rotation* rotation = nullptr;
    std::uint64_t visible = 3;  ///< generations that the maximum looks at
    double scale = 1.0;
    const Clock* clock = nullptr;
    std::unique_ptr<PercentileWindow> percentiles;
    std::atomic<Exemplars*> exemplars{nullptr};  ///< made with the first

private:
    void record_in(Cell* cells, std::uint32_t bucket, std::uint64_t ordered_bits) noexcept;
    void offer_exemplar(std::uint32_t bucket, double value) noexcept;
};

struct ActiveTask {
    ActiveTask* before = nullptr;
    ActiveTask* after = nullptr;
    std::int64_t start = 0;
    std::uint32_t shard = 0;
};

struct LongTaskMeter final : Meter {
    ~LongTaskMeter() override;

    ActiveTask* start(TimePoint now);
    void stop(ActiveTask* task) noexcept;

    struct Reading {
        std::uint64_t active = 0;
        Duration total{};
        Duration longest{};
        std::vector<std::uint64_t> buckets;  ///< each bucket's own count
    };

    [[nodiscard]] Reading read(TimePoint now) const;

    const Buckets* buckets = nullptr;

private:
    /// Tasks that started on the same thread, so that threads seldom meet at a lock.
    struct alignas(64) Shard {
        mutable std::mutex mutex;
        ActiveTask* first = nullptr;
        ActiveTask* free = nullptr;
    };

    std::array<Shard, 8> shards_;
};

/// Samples under one Prometheus name.
struct Family {
    using Members = std::shared_ptr<const std::vector<const Meter*>>;

    FamilyPlan plan;
    const Name* name = nullptr;
    std::string help;
    std::vector<const Meter*> meters;
    Members sorted;  ///< null when `meters` has changed since

    /// In the order of tags, idle ones and meters with equal labels left out.
    const Members& members();
};

/// All meters of one dotted name.
struct Name {
    std::string text;
    std::string description;
    std::string unit;
    std::vector<Meter*> meters;
    bool warned = false;  ///< of a conflict
};

}  // namespace flotilla::metrics::detail
