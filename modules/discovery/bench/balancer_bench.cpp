/// What choosing an instance costs.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "flotilla/discovery/cluster.hpp"

namespace flotilla::discovery {
namespace {

InstanceList hundred() {
    InstanceList list{.service = "bench", .instances = {}, .version = 1, .known = true};
    for (std::uint16_t i = 0; i < 100; ++i) {
        ServiceInstance instance;
        instance.id = fmt::format("h{}:bench:8080", i);
        instance.host = fmt::format("10.0.0.{}", i);
        instance.port = 8080;
        list.instances.push_back(instance);
    }
    return list;
}

void pick(benchmark::State& state, Algorithm algorithm) {
    static std::unique_ptr<Cluster> cluster;
    const TimePoint now{std::chrono::hours(1)};
    if (state.thread_index() == 0) {
        BalancerConfig config;
        config.algorithm = algorithm;
        cluster = std::make_unique<Cluster>("bench", config);
        cluster->update(hundred(), now);
    }
    PickRequest request{.now = now};
    if (algorithm == Algorithm::ring_hash || algorithm == Algorithm::maglev) request.key = "user-4711";
    for (auto _ : state) {
        const Lease lease = cluster->pick(request);
        benchmark::DoNotOptimize(&lease.instance());
    }
}

BENCHMARK_CAPTURE(pick, least_loaded, Algorithm::least_loaded)->ThreadRange(1, 2);
BENCHMARK_CAPTURE(pick, round_robin, Algorithm::round_robin)->ThreadRange(1, 2);
BENCHMARK_CAPTURE(pick, random, Algorithm::random);
BENCHMARK_CAPTURE(pick, peak_ewma, Algorithm::peak_ewma);
BENCHMARK_CAPTURE(pick, weighted, Algorithm::weighted);
BENCHMARK_CAPTURE(pick, ring_hash, Algorithm::ring_hash);
BENCHMARK_CAPTURE(pick, maglev, Algorithm::maglev);

void pick_and_finish(benchmark::State& state) {
    const TimePoint now{std::chrono::hours(1)};
    Cluster cluster("bench");
    cluster.update(hundred(), now);
    for (auto _ : state) {
        Lease lease = cluster.pick({.now = now});
        lease.finish(Outcome::success, now);
    }
}

BENCHMARK(pick_and_finish);

}  // namespace
}  // namespace flotilla::discovery
