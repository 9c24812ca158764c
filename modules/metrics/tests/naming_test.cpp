#include "naming.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "number.hpp"

namespace flotilla::metrics::detail {
namespace {

std::string name_of(
    std::string_view name, Kind kind, std::string_view unit = {}, Flavor flavor = Flavor::current
) {
    return plan_families(name, unit, kind, false, flavor).front().name;
}

TEST(Naming, FollowsTheTableOfTheSpecification) {
    EXPECT_EQ(name_of("orders.placed", Kind::counter), "orders_placed_total");
    EXPECT_EQ(name_of("orders.created", Kind::counter), "orders_total");
    EXPECT_EQ(name_of("process.cpu.time", Kind::function_counter, "ns"), "process_cpu_time_ns_total");
    EXPECT_EQ(name_of("logback.events", Kind::counter, "events"), "logback_events_total");
    EXPECT_EQ(name_of("x.total", Kind::gauge), "x");
    EXPECT_EQ(name_of("w.bucket", Kind::gauge), "w");
    EXPECT_EQ(name_of("z.created", Kind::counter), "z_total");
    EXPECT_EQ(name_of("v.info", Kind::counter), "v_total");
    EXPECT_EQ(name_of("x.info", Kind::gauge), "x_info");
    EXPECT_EQ(name_of("routeId.x", Kind::gauge), "routeId_x");
    EXPECT_EQ(name_of("http.server.requests", Kind::timer, "seconds"), "http_server_requests_seconds");
    EXPECT_EQ(name_of("wait.seconds", Kind::timer, "seconds"), "wait_seconds");
    EXPECT_EQ(name_of("disk.free", Kind::gauge, "bytes"), "disk_free_bytes");
    EXPECT_EQ(name_of("free.bytes", Kind::gauge, "bytes"), "free_bytes");
    EXPECT_EQ(name_of("1x-y", Kind::gauge), "_x_y");
    EXPECT_EQ(name_of("total", Kind::counter), "total_total");
}

TEST(Naming, OfTheLegacyFlavourKeepsReservedEndings) {
    EXPECT_EQ(name_of("orders.created", Kind::counter, {}, Flavor::legacy), "orders_created_total");
    EXPECT_EQ(name_of("orders.total", Kind::counter, {}, Flavor::legacy), "orders_total");
    EXPECT_EQ(name_of("x.info", Kind::gauge, {}, Flavor::legacy), "x_info");
    EXPECT_EQ(name_of("1x", Kind::gauge, {}, Flavor::legacy), "m__x");
}

TEST(Naming, SanitizesLabels) {
    EXPECT_EQ(label_name("client.name"), "client_name");
    EXPECT_EQ(label_name("1x"), "_x");
    EXPECT_EQ(label_name("__x"), "_x");
    EXPECT_EQ(label_name(""), "_");
    LabelText labels;
    labels.render({{"b", "2"}, {"a.x", ""}});
    EXPECT_EQ(labels.text(), R"(a_x="",b="2")");
    labels.render({{"b", "one \"two\" \\ \n"}});
    EXPECT_EQ(labels.text(), R"(b="one \"two\" \\ \n")");
    labels.render({});
    EXPECT_EQ(labels.text(), "");
    // What was kept of the keys before is not taken for others that begin or end alike.
    for (const std::string_view key : {"b", "bc", "", "b", "c", "b.c"}) {
        labels.render({{key, "1"}});
        EXPECT_EQ(labels.text(), label_name(key) + "=\"1\"");
    }
}

TEST(Numbers, AreWrittenAsJavaDoes) {
    const std::pair<double, std::string_view> cases[] = {
        {1, "1.0"},
        {2.5, "2.5"},
        {0, "0.0"},
        {-0.0, "-0.0"},
        {-3, "-3.0"},
        {123456789012.0, "1.23456789012E11"},
        {5.3891e-5, "5.3891E-5"},
        {1e7, "1.0E7"},
        {9999999, "9999999.0"},
        {9999999.5, "9999999.5"},
        {11184809, "1.1184809E7"},
        {0.001, "0.001"},
        {0.00099, "9.9E-4"},
        {1e21, "1.0E21"},
        {1e-300, "1.0E-300"},
        {0.318204, "0.318204"},
        {4.2273788502251054E18, "4.2273788502251054E18"},
        {2147483647, "2.147483647E9"},
        {std::numeric_limits<double>::infinity(), "+Inf"},
        {-std::numeric_limits<double>::infinity(), "-Inf"},
        {std::numeric_limits<double>::quiet_NaN(), "NaN"},
    };
    for (const auto& [value, text] : cases) EXPECT_EQ(java_double(value), text);
}

}  // namespace
}  // namespace flotilla::metrics::detail
