#include "flotilla/metrics/meters.hpp"

#include <cmath>
#include <iterator>
#include <limits>

#include "flotilla/base/task_context.hpp"
#include "model.hpp"

namespace flotilla::metrics {

namespace detail {

inline void DistributionMeter::record_in(
    Cell* cells, std::uint32_t bucket, std::uint64_t ordered_bits
) noexcept {
    add(cells[1 + bucket], 1);
    const std::uint64_t generation = rotation->generation();
    Cell* pair = cells + 1 + bucket_count() + 2 * (generation & ring_mask);
    if (pair[0].load(std::memory_order_relaxed) != generation) [[unlikely]] {
        // The pair was last used several generations ago, so nobody reads it between these stores.
        pair[1].store(0, std::memory_order_relaxed);
        pair[0].store(generation, std::memory_order_release);
    }
    if (pair[1].load(std::memory_order_relaxed) < ordered_bits)
        pair[1].store(ordered_bits, std::memory_order_relaxed);
}

void DistributionMeter::record_time(std::uint64_t nanoseconds) noexcept {
    const std::uint32_t bucket = buckets ? buckets->of_time(nanoseconds) : 0;
    group->with_cells([&](Cell* all) noexcept {
        Cell* cells = all + offset;
        add(cells[0], nanoseconds);
        record_in(cells, bucket, nanoseconds);
    });
    if (percentiles) [[unlikely]]
        percentiles->record(static_cast<double>(nanoseconds));
    if (buckets && TaskContext::current().trace.sampled) [[unlikely]]
        offer_exemplar(bucket, static_cast<double>(nanoseconds) / 1e9);
}

void DistributionMeter::record_amount(double amount) noexcept {
    const std::uint32_t bucket = buckets ? buckets->of_amount(amount) : 0;
    group->with_cells([&](Cell* all) noexcept {
        Cell* cells = all + offset;
        const double sum = std::bit_cast<double>(cells[0].load(std::memory_order_relaxed)) + amount;
        cells[0].store(std::bit_cast<std::uint64_t>(sum), std::memory_order_relaxed);
        // The bits of doubles that are not negative have the order of the doubles.
        record_in(cells, bucket, std::bit_cast<std::uint64_t>(amount));
    });
    if (percentiles) [[unlikely]]
        percentiles->record(amount);
    if (buckets && TaskContext::current().trace.sampled) [[unlikely]]
        offer_exemplar(bucket, amount);
}

void DistributionMeter::offer_exemplar(std::uint32_t bucket, double value) noexcept {
    Exemplars* known = exemplars.load(std::memory_order_acquire);
    if (!known) {
        auto made = std::make_unique<Exemplars>(bucket_count());
        if (exemplars.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel))
            known = made.release();
    }
    known->offer(bucket, value, TaskContext::current().trace, *clock);
}

std::uint64_t DistributionMeter::count() const {
    std::vector<std::uint64_t> counts(bucket_count());
    add_counts(counts.data());
    std::uint64_t all = 0;
    for (const std::uint64_t count : counts) all += count;
    return all;
}

double DistributionMeter::sum() const noexcept {
    if (kind == Kind::summary) return group->add_up_double(offset);
    std::uint64_t nanoseconds = 0;
    group->add_up(offset, 1, &nanoseconds);
    return static_cast<double>(nanoseconds) / 1e9;
}

std::uint64_t DistributionMeter::max_bits() const noexcept {
    const std::uint64_t generation = rotation->generation();
    std::uint64_t largest = 0;
    group->each_block([&](const Cell* cells) {
        const Cell* pairs = cells + max_offset();
        for (std::uint32_t i = 0; i <= ring_mask; ++i) {
            const std::uint64_t tag = pairs[2 * i].load(std::memory_order_acquire);
            if (tag + visible > generation && tag != 0)
                largest = std::max(largest, pairs[2 * i + 1].load(std::memory_order_relaxed));
        }
    });
    return largest;
}

double DistributionMeter::max() const noexcept {
    const std::uint64_t bits = max_bits();
    return kind == Kind::summary ? std::bit_cast<double>(bits) : static_cast<double>(bits) / 1e9;
}

LongTaskMeter::~LongTaskMeter() {
    for (Shard& shard : shards_) {
        for (ActiveTask* list : {shard.first, shard.free}) {
            while (list) delete std::exchange(list, list->after);
        }
    }
}

ActiveTask* LongTaskMeter::start(TimePoint now) {
    const auto number = static_cast<std::uint32_t>(thread_slot % shards_.size());
    Shard& shard = shards_[number];
    const std::scoped_lock lock(shard.mutex);
    ActiveTask* task = shard.free;
    if (task) {
        shard.free = task->after;
    } else {
        task = new ActiveTask;
        task->shard = number;
    }
    task->start = now.time_since_epoch().count();
    task->before = nullptr;
    task->after = shard.first;
    if (shard.first) shard.first->before = task;
    shard.first = task;
    return task;
}

void LongTaskMeter::stop(ActiveTask* task) noexcept {
    Shard& shard = shards_[task->shard];
    const std::scoped_lock lock(shard.mutex);
    (task->before ? task->before->after : shard.first) = task->after;
    if (task->after) task->after->before = task->before;
    task->after = shard.free;
    shard.free = task;
}

LongTaskMeter::Reading LongTaskMeter::read(TimePoint now) const {
    Reading reading;
    reading.buckets.resize(buckets ? buckets->size() : 0);
    for (const Shard& shard : shards_) {
        const std::scoped_lock lock(shard.mutex);
        for (const ActiveTask* task = shard.first; task; task = task->after) {
            const Duration span = std::max(Duration::zero(), now.time_since_epoch() - Duration{task->start});
            ++reading.active;
            reading.total += span;
            reading.longest = std::max(reading.longest, span);
            if (buckets) ++reading.buckets[buckets->of_time(static_cast<std::uint64_t>(span.count()))];
        }
    }
    return reading;
}

const Family::Members& Family::members() {
    if (sorted) return sorted;
    std::vector<const Meter*> ordered;
    ordered.reserve(meters.size());
    std::ranges::copy_if(meters, std::back_inserter(ordered), [](const Meter* meter) {
        return !meter->idle;
    });
    std::ranges::sort(ordered, {}, [](const Meter* meter) -> const Tags& { return meter->tags; });
    // Keys that differ may be the same label: `a.b` and `a_b`.
    LabelText labels;
    LabelText last;
    const auto repeats = [&](const Meter* meter) {
        labels.render(meter->tags);
        const bool same = meter != ordered.front() && labels.text() == last.text();
        std::swap(labels, last);
        return same;
    };
    std::erase_if(ordered, repeats);
    sorted = std::make_shared<const std::vector<const Meter*>>(std::move(ordered));
    return sorted;
}

}  // namespace detail

void Counter::increment_with_exemplar(double amount) const noexcept {
    if (!group_ || !(amount >= 0)) return;
    increment(amount);
    const TraceContext& trace = TaskContext::current().trace;
    if (trace.sampled) group_->exemplars().offer(cell_, amount, trace);
}

void Gauge::set(double value) const noexcept {
    if (meter_) meter_->value.store(value, std::memory_order_relaxed);
}

void Gauge::add(double amount) const noexcept {
    if (meter_) meter_->value.fetch_add(amount, std::memory_order_relaxed);
}

double Gauge::value() const noexcept {
    return meter_ ? meter_->value.load(std::memory_order_relaxed) : 0;
}

void Timer::record(Duration duration) const noexcept {
    if (meter_ && duration.count() >= 0) meter_->record_time(static_cast<std::uint64_t>(duration.count()));
}

std::uint64_t Timer::count() const noexcept {
    return meter_ ? meter_->count() : 0;
}

Duration Timer::total() const noexcept {
    std::uint64_t nanoseconds = 0;
    if (meter_) meter_->group->add_up(meter_->offset, 1, &nanoseconds);
    return Duration{static_cast<std::int64_t>(nanoseconds)};
}

Duration Timer::max() const noexcept {
    return meter_ ? Duration{static_cast<std::int64_t>(meter_->max_bits())} : Duration{};
}

void Summary::record(double amount) const noexcept {
    // Adding zero turns -0.0 into 0.0.
    if (meter_ && amount >= 0) meter_->record_amount(amount * meter_->scale + 0.0);
}

std::uint64_t Summary::count() const noexcept {
    return meter_ ? meter_->count() : 0;
}

double Summary::total() const noexcept {
    return meter_ ? meter_->sum() : 0;
}

double Summary::max() const noexcept {
    return meter_ ? meter_->max() : 0;
}

void LongTaskTimer::Task::stop() noexcept {
    if (detail::LongTaskMeter* meter = std::exchange(meter_, nullptr))
        meter->stop(std::exchange(task_, nullptr));
}

LongTaskTimer::Task LongTaskTimer::start(TimePoint now) const {
    Task task;
    if (meter_) {
        task.task_ = meter_->start(now);
        task.meter_ = meter_;
    }
    return task;
}

std::uint64_t LongTaskTimer::active() const noexcept {
    return meter_ ? meter_->read(TimePoint{}).active : 0;
}

Duration LongTaskTimer::duration(TimePoint now) const noexcept {
    return meter_ ? meter_->read(now).total : Duration{};
}

void MultiGauge::set(std::vector<Row> rows) const {
    if (!meter_) return;
    auto made = std::make_shared<std::vector<detail::MultiGaugeMeter::Row>>();
    made->reserve(rows.size());
    for (const Row& row : rows) {
        if (const auto tags = meter_->admit(row.tags)) made->push_back({*tags, row.value});
    }
    std::ranges::sort(*made, {}, &detail::MultiGaugeMeter::Row::tags);
    const std::scoped_lock lock(meter_->mutex);
    meter_->current = std::move(made);
}

}  // namespace flotilla::metrics
