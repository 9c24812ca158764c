#include "flotilla/zipkin/reporter_config.hpp"

#include <gtest/gtest.h>

namespace flotilla::zipkin {

namespace {

using namespace std::chrono_literals;

Result<ReporterConfig> read(const std::vector<std::pair<std::string, reflect::Json>>& properties) {
    auto environment = config::Environment::of(properties);
    return read_reporter(environment);
}

bool enabled(const std::vector<std::pair<std::string, reflect::Json>>& properties) {
    return read(properties).value().enabled.value();
}

TEST(ReporterConfig, IsOffUntilAnAddressIsConfiguredOrItIsSwitchedOn) {
    EXPECT_FALSE(enabled({}));
    EXPECT_TRUE(enabled({{"tracing.reporter.enabled", "true"}}));
    EXPECT_TRUE(enabled({{"spring.zipkin.enabled", "true"}}));
    EXPECT_TRUE(enabled({{"tracing.reporter.endpoint", "http://zipkin:9411/api/v2/spans"}}));
    EXPECT_TRUE(enabled({{"spring.zipkin.base-url", "http://zipkin:9411"}}));
    EXPECT_TRUE(enabled({{"management.zipkin.tracing.endpoint", "http://zipkin:9411/api/v2/spans"}}));
    EXPECT_FALSE(
        enabled({{"spring.zipkin.base-url", "http://zipkin:9411"}, {"spring.zipkin.enabled", "false"}})
    );
    EXPECT_FALSE(enabled({{"tracing.reporter.enabled", "true"}, {"tracing.reporter.sender", "none"}}));
}

TEST(ReporterConfig, HasTheSpecificationsDefaults) {
    const ReporterConfig config = read({}).value();
    EXPECT_EQ(config.address(), "http://127.0.0.1:9411/api/v2/spans");
    EXPECT_EQ(config.queued_max_spans, 10'000U);
    EXPECT_EQ(config.queued_max_bytes, Bytes::mega(8));
    EXPECT_EQ(config.message_max_bytes.count, 500'000U);
    EXPECT_EQ(config.message_timeout, 1s);
    EXPECT_EQ(config.close_timeout, 1s);
    EXPECT_FALSE(config.compression.enabled) << "depends on where the server is";
    EXPECT_EQ(config.compression.min_size, Bytes::kilo(1));
    EXPECT_EQ(config.encoding, Encoding::json_v2);
}

TEST(ReporterConfig, TakesSpringsNames) {
    const ReporterConfig config = read({{"spring.zipkin.base-url", "http://zipkin:9411/"},
                                        {"spring.zipkin.message-timeout", "3"},
                                        {"spring.zipkin.queued-max-spans", "500"},
                                        {"spring.zipkin.compression.enabled", "false"},
                                        {"spring.zipkin.encoder", "PROTO3"},
                                        {"management.zipkin.tracing.endpoint", "http://other:1/x"},
                                        {"management.zipkin.tracing.connect-timeout", "2s"},
                                        {"management.zipkin.tracing.read-timeout", "4s"}})
                                      .value();
    EXPECT_EQ(config.address(), "http://zipkin:9411/api/v2/spans") << "Sleuth's wins over Boot's";
    EXPECT_EQ(config.message_timeout, 3s) << "a bare number is seconds";
    EXPECT_EQ(config.queued_max_spans, 500U);
    EXPECT_EQ(config.compression.enabled, false);
    EXPECT_EQ(config.encoding, Encoding::proto3);
    EXPECT_EQ(config.connect_timeout, 2s);
    EXPECT_EQ(config.read_timeout, 4s);
}

TEST(ReporterConfig, OurOwnNamesWin) {
    const ReporterConfig config = read({{"spring.zipkin.base-url", "http://sleuth:9411"},
                                        {"tracing.reporter.base-url", "http://ours:9411"},
                                        {"management.zipkin.tracing.endpoint", "http://boot:9411/x"}})
                                      .value();
    EXPECT_EQ(config.address(), "http://ours:9411/api/v2/spans");
}

TEST(ReporterConfig, FindsTheServerByItsNameWhenAskedTo) {
    const ReporterConfig config = read({{"spring.zipkin.base-url", "http://zipkin/"},
                                        {"spring.zipkin.locator.discovery.enabled", "true"}})
                                      .value();
    EXPECT_EQ(config.address(), "lb:http://zipkin/api/v2/spans");
}

TEST(ReporterConfig, SaysWhatItDoesNotUnderstand) {
    const auto message = [](const std::vector<std::pair<std::string, reflect::Json>>& properties) {
        const auto config = read(properties);
        return config ? std::string() : config.error().message();
    };
    EXPECT_EQ(
        message({{"spring.zipkin.sender.type", "rabbit"}}),
        "spring.zipkin.sender.type: only web is known, got 'rabbit'"
    );
    EXPECT_EQ(
        message({{"spring.zipkin.encoder", "THRIFT"}}),
        "spring.zipkin.encoder: expected JSON_V2 or PROTO3, got 'THRIFT'"
    );
    EXPECT_NE(message({{"tracing.reporter.endpoint", "zip kin"}}), "");
}

}  // namespace

}  // namespace flotilla::zipkin
