#pragma once
/// One example per bucket: the trace of a request that landed there.

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/base/task_context.hpp"

namespace flotilla::metrics::detail {

struct Exemplar {
    TraceContext trace;
    double value = 0;
    WallTime time;
    TimePoint taken;
};

/// The rules are client_java's: at most one attempt in 90 ms, an exemplar stays for 7 s at least and for 70 s
/// at most.
class Exemplars {
public:
    explicit Exemplars(std::uint32_t buckets) : slots_(buckets) {}

    /// `trace` is sampled.
    void offer(std::uint32_t bucket, double value, const TraceContext& trace, const Clock& clock) noexcept;
    [[nodiscard]] std::optional<Exemplar> find(std::uint32_t bucket, TimePoint now) const;

private:
    std::atomic<std::int64_t> next_attempt_{INT64_MIN};
    mutable std::mutex mutex_;
    std::vector<std::optional<Exemplar>> slots_;
};

/// Those of the counters of a cell group, by cell. Most counters never have one.
class CounterExemplars {
public:
    explicit CounterExemplars(const Clock& clock) : clock_(clock) {}

    void offer(std::uint32_t cell, double value, const TraceContext& trace) noexcept;
    [[nodiscard]] std::optional<Exemplar> find(std::uint32_t cell, TimePoint now) const;

private:
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::uint32_t, Exemplars> by_cell_;
};

}  // namespace flotilla::metrics::detail
