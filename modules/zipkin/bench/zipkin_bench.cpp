// What a span costs the thread that finishes it, and what its encoding costs later.

#include <benchmark/benchmark.h>

#include "../tests/sample_spans.hpp"
#include "flotilla/zipkin/encoder.hpp"
#include "flotilla/zipkin/message.hpp"
#include "flotilla/zipkin/report_queue.hpp"

namespace flotilla::zipkin {

namespace {

void finish_a_span(benchmark::State& state) {
    ReportQueue queue({.max_spans = 1U << 30, .max_bytes = 1ULL << 40}, {.enough_bytes = 500'000}, [] {});
    std::vector<tracing::SpanPtr> out;
    std::size_t count = 0;
    for ([[maybe_unused]] auto _ : state) {
        queue.finished(tracing::make_span());
        if (++count % 512 == 0) {
            queue.take(out);
            out.clear();
        }
    }
}

BENCHMARK(finish_a_span);

void encode_a_span(benchmark::State& state) {
    const Encoder encoder(
        static_cast<Encoding>(state.range(0)), {.service = "backend", .ip = "10.0.0.7", .port = 80}
    );
    const auto span = testing::backend_span();
    std::string list;
    for ([[maybe_unused]] auto _ : state) {
        list.clear();
        encoder.begin(list);
        encoder.append(list, *span);
        encoder.end(list);
        benchmark::DoNotOptimize(list.data());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(list.size()) * state.iterations());
}

BENCHMARK(encode_a_span)->Arg(static_cast<int>(Encoding::json_v2))->Arg(static_cast<int>(Encoding::proto3));

void make_a_message(benchmark::State& state) {
    const auto encoder = std::make_shared<const Encoder>(
        Encoding::json_v2, LocalEndpoint{.service = "backend", .ip = "10.0.0.7", .port = 80}
    );
    const MessageLimits limits{.compress = state.range(0) != 0};
    for ([[maybe_unused]] auto _ : state) {
        state.PauseTiming();
        Batch batch;
        for (int i = 0; i < 1'000; ++i) batch.spans.push_back(testing::backend_span());
        state.ResumeTiming();
        Draft draft(encoder, limits);
        draft.fill(batch);
        benchmark::DoNotOptimize(draft.finish().body.data());
    }
    state.SetItemsProcessed(1'000 * state.iterations());
}

BENCHMARK(make_a_message)->Arg(0)->Arg(1);

}  // namespace

}  // namespace flotilla::zipkin
