/// The pool of span records. Spans are made on the request threads and given back on the reporter's, so each
/// thread keeps a few at hand and exchanges them with the others in batches.

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "flotilla/tracing/span_data.hpp"

namespace flotilla::tracing {

namespace {

constexpr std::size_t batch = 16;
constexpr std::size_t depot_limit = 1024;
/// A record that once grew beyond this is not worth keeping.
constexpr std::size_t kept_capacity = 4096;

/// Shared by all threads. Never destroyed: spans may be given back while the process ends.
class Depot {
public:
    static Depot& get() {
        static auto* const depot = new Depot;
        return *depot;
    }

    std::size_t take(SpanData** spans) noexcept {
        if (size_.load(std::memory_order_relaxed) == 0) return 0;
        const std::lock_guard lock(mutex_);
        const std::size_t count = std::min(batch, spans_.size());
        std::copy(spans_.end() - static_cast<std::ptrdiff_t>(count), spans_.end(), spans);
        spans_.resize(spans_.size() - count);
        size_.store(spans_.size(), std::memory_order_relaxed);
        return count;
    }

    void put(SpanData** spans, std::size_t count) noexcept {
        {
            const std::lock_guard lock(mutex_);
            for (; count > 0 && spans_.size() < depot_limit; --count) spans_.push_back(spans[count - 1]);
            size_.store(spans_.size(), std::memory_order_relaxed);
        }
        for (; count > 0; --count) delete spans[count - 1];
    }

private:
    Depot() { spans_.reserve(depot_limit); }

    std::mutex mutex_;
    std::vector<SpanData*> spans_;
    std::atomic<std::size_t> size_{0};
};

thread_local bool thread_is_ending = false;

struct Cache {
    std::array<SpanData*, 2 * batch> spans;
    std::size_t count = 0;

    Cache() = default;
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    ~Cache() {
        thread_is_ending = true;
        Depot::get().put(spans.data(), count);
    }
};

thread_local Cache cache;

}  // namespace

SpanPtr make_span() {
    if (!thread_is_ending) {
        if (cache.count == 0) cache.count = Depot::get().take(cache.spans.data());
        if (cache.count > 0) return SpanPtr(cache.spans[--cache.count]);
    }
    SpanPtr span(new SpanData);
    span->reserve_typical();
    return span;
}

void RecycleSpan::operator()(SpanData* span) const noexcept {
    if (thread_is_ending || span->capacity() > kept_capacity) {
        delete span;
        return;
    }
    span->clear();
    if (cache.count == cache.spans.size()) {
        cache.count -= batch;
        Depot::get().put(cache.spans.data() + cache.count, batch);
    }
    cache.spans[cache.count++] = span;
}

}  // namespace flotilla::tracing
