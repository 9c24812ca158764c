#include <benchmark/benchmark.h>

#include <optional>
#include <string>
#include <vector>

#include "flotilla/reflect/json.hpp"

namespace flotilla::reflect {
namespace {

struct Line {
    std::string product_id;
    std::string product_name;
    std::int32_t qty = 0;
    double unit_price = 0;
    std::optional<std::string> note;
};

FLT_DESCRIBE(Line, product_id, product_name, qty, unit_price, note)

struct Order {
    std::string order_id;
    std::string user_id;
    std::int64_t created_at = 0;
    double total_price = 0;
    bool express = false;
    std::vector<Line> lines;
};

FLT_DESCRIBE(Order, order_id, user_id, created_at, total_price, express, lines)

Order order_of_1_kib() {
    Order order{
        "3d1f4b0e-7b1c-4c53-9d1f-0a5f4ce3b6aa",
        "a9b1c2d3-0000-4444-8888-ffeeddccbbaa",
        1'700'000'123'456,
        1234.5,
        true,
        {}
    };
    for (int i = 0; i < 8; ++i) {
        order.lines.push_back(
            {"CATALOG-000" + std::to_string(i), "Product number " + std::to_string(i), i + 1, 12.25 * i, {}}
        );
    }
    order.lines[3].note = "Please wrap as a gift; it is a birthday present.";
    order.lines[5].note = "Ring twice, the door bell is weak.";
    return order;
}

void read_order(benchmark::State& state) {
    const std::string text = to_json(order_of_1_kib());
    for (auto _ : state) {
        auto order = from_json<Order>(text);
        benchmark::DoNotOptimize(order);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
    state.counters["bytes"] = static_cast<double>(text.size());
}

BENCHMARK(read_order);

void parse_order_tape(benchmark::State& state) {
    const std::string text = to_json(order_of_1_kib());
    for (auto _ : state) {
        auto document = parse_json_document(text);
        benchmark::DoNotOptimize(document);
    }
}

BENCHMARK(parse_order_tape);

void write_order(benchmark::State& state) {
    const Order order = order_of_1_kib();
    std::string out;
    for (auto _ : state) {
        out.clear();
        append_json(out, order);
        benchmark::DoNotOptimize(out.data());
    }
}

BENCHMARK(write_order);

void parse_order_value(benchmark::State& state) {
    const std::string text = to_json(order_of_1_kib());
    for (auto _ : state) {
        auto value = parse_json(text);
        benchmark::DoNotOptimize(value);
    }
}

BENCHMARK(parse_order_value);

}  // namespace
}  // namespace flotilla::reflect
