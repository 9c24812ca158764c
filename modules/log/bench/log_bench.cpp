/// What a log line costs its caller, and what it costs the writer.

#include <benchmark/benchmark.h>

#include "flotilla/log/log_system.hpp"
#include "mask.hpp"

namespace flotilla::log {
namespace {

class NullSink final : public Sink {
public:
    void write(const Record& record) override { benchmark::DoNotOptimize(record.message.data()); }

    void flush() override {}
};

/// Renders as the console sink does and throws the text away.
class RenderingSink final : public Sink {
public:
    void write(const Record& record) override { renderer_.render(record, text_); }

    void flush() override { text_.clear(); }

private:
    Renderer renderer_{Style{}};
    std::string text_;
};

template <class S>
LogSystem make_system(Bytes ring = Bytes::mega(16)) {
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::make_unique<S>());
    return LogSystem({.service = "bench", .ring = ring}, std::move(sinks));
}

void disabled_line(benchmark::State& state) {
    LogSystem system = make_system<NullSink>();
    const Logger logger = system.logger("bench.disabled");
    std::uint64_t id = 0;
    for (auto _ : state) {
        logger.debug("order {} created", id);
        benchmark::DoNotOptimize(++id);
    }
}

BENCHMARK(disabled_line);

/// Bursts that fit the ring, so that the figure is the calling thread's and nothing is dropped.
template <class S>
void enabled_line(benchmark::State& state) {
    LogSystem system = make_system<S>();
    const Logger logger = system.logger("bench.enabled");
    std::uint64_t id = 0;
    std::uint64_t in_burst = 0;
    for (auto _ : state) {
        logger.info("order {} created for {} in {} ms", ++id, "alice", 17);
        if (++in_burst == 10'000) {
            state.PauseTiming();
            in_burst = 0;
            system.flush();
            state.ResumeTiming();
        }
    }
    state.counters["dropped"] = static_cast<double>(system.counts().dropped);
}

BENCHMARK(enabled_line<NullSink>);
BENCHMARK(enabled_line<RenderingSink>);

/// One line at a time into a sleeping or napping writer, with the wake-up where one is due.
void enabled_line_then_flush(benchmark::State& state) {
    LogSystem system = make_system<RenderingSink>();
    const Logger logger = system.logger("bench.flush");
    for (auto _ : state) {
        logger.info("order {} created", 17);
        system.flush();
    }
}

BENCHMARK(enabled_line_then_flush);

void render_console(benchmark::State& state) {
    Renderer renderer{Style{}};
    Record record;
    record.logger = "order.api";
    record.thread = "io-1";
    record.service = "order";
    record.trace = {.trace_high = 1, .trace_low = 2, .span_id = 3};
    record.message = "order 17 created for alice in 17 ms";
    std::string out;
    for (auto _ : state) {
        out.clear();
        renderer.render(record, out);
        benchmark::DoNotOptimize(out.data());
    }
}

BENCHMARK(render_console);

void mask_message(benchmark::State& state, std::string_view text) {
    std::string scratch;
    for (auto _ : state) benchmark::DoNotOptimize(detail::mask(text, {}, scratch).data());
}

BENCHMARK_CAPTURE(mask_message, no_separator, "order 17 created for alice in 17 ms");
BENCHMARK_CAPTURE(mask_message, harmless_pairs, "order id=17 created for user=alice at 12:30:00, took=17 ms");
BENCHMARK_CAPTURE(mask_message, one_secret, "login user=alice password=secret1234 from=10.0.0.7");

}  // namespace
}  // namespace flotilla::log
