#include "exchange_log.hpp"

#include <gtest/gtest.h>

#include "flotilla/log/captured_log.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;

const std::string seed_body =
    R"({"timestamp":"2021-11-28T11:32:11.699+00:00","status":404,"error":"Not Found","message":"","path":"/order-service/83cb4f4c-2f80-4b9b-9b2f-2b7a4d1f5e6a/orders-wrong-path-of-this-one"})";

class Captured {
public:
    Captured() : log_({.levels = {{"ROOT", log::Level::debug}}}) {}

    ExchangeLog at(LoggerLevel level, LogSettings settings = {}) {
        return {
            log_.logger("OrderServiceClient"), "OrderServiceClient#getOrders", level, std::move(settings)
        };
    }

    /// The texts behind the tag.
    std::vector<std::string> texts() {
        constexpr std::string_view tag = "[OrderServiceClient#getOrders] ";
        std::vector<std::string> found;
        for (const auto& line : log_.lines()) {
            const std::size_t at = line.find(tag);
            found.push_back(at == std::string::npos ? "no tag: " + line : line.substr(at + tag.size()));
        }
        return found;
    }

    log::CapturedLog log_;
};

struct Exchange {
    explicit Exchange(std::string_view body = {}) {
        headers.add("X-Tenant", "kr");
        headers.add("Accept", "application/json");
        headers.add("Authorization", "Bearer secret-token");
        request = {
            .method = "GET",
            .url = "http://order-service/order-service/83cb/orders",
            .headers = &headers,
            .has_body = !body.empty(),
            .body = body
        };
        fields.add("Content-Type", "application/json");
        fields.add("Set-Cookie", "SESSION=secret-session");
        fields.add("connection", "keep-alive");
        response = {.status = 404, .reason = {}, .fields = &fields, .body = seed_body, .taken = 331'400us};
    }

    void write(const ExchangeLog& to) const {
        if (!to.enabled()) return;
        to.request(request);
        to.response(request, response);
    }

    http::HeaderBlock headers;
    http::Fields fields;
    LoggedRequest request;
    LoggedResponse response;
};

TEST(ClientFacts, F13_TheSeedsExchangeIsWrittenLineByLine) {
    ASSERT_EQ(seed_body.size(), 182U);
    Captured captured;
    const Exchange exchange;
    exchange.write(captured.at(LoggerLevel::full));
    const std::vector<std::string> expected = {
        "---> GET http://order-service/order-service/83cb/orders HTTP/1.1",
        "Accept: application/json",
        "Authorization: ******",  // the log itself hides this one, however it got there
        "X-Tenant: kr",
        "---> END HTTP (0-byte body)",
        "<--- HTTP/1.1 404 (331ms)",
        "connection: keep-alive",
        "content-type: application/json",
        "set-cookie: ***",
        "",
        seed_body,
        "<--- END HTTP (182-byte body)",
    };
    EXPECT_EQ(captured.texts(), expected);
}

TEST(ClientFacts, F14_BasicWritesTwoRecordsAndNoneWritesNone) {
    Captured captured;
    Exchange exchange;
    exchange.write(captured.at(LoggerLevel::none));
    EXPECT_TRUE(captured.texts().empty());
    EXPECT_FALSE(captured.at(LoggerLevel::none).enabled());
    exchange.response.status = 200;
    exchange.response.reason = "OK";
    exchange.response.taken = 12ms;
    exchange.write(captured.at(LoggerLevel::basic));
    const std::vector<std::string> expected = {
        "---> GET http://order-service/order-service/83cb/orders HTTP/1.1", "<--- HTTP/1.1 200 OK (12ms)"
    };
    EXPECT_EQ(captured.texts(), expected);
}

TEST(ClientFacts, F15_SecretsAreHiddenAtEveryLevelUntilSomebodyWantsThem) {
    for (const auto format : {LogFormat::feign, LogFormat::json}) {
        for (const auto level : {LoggerLevel::basic, LoggerLevel::headers, LoggerLevel::full}) {
            Captured captured;
            const Exchange exchange;
            exchange.write(captured.at(level, {.format = format}));
            EXPECT_EQ(captured.log_.count_of("secret"), 0U);
        }
    }
    Captured captured;
    const Exchange exchange;
    exchange.write(captured.at(LoggerLevel::headers, {.redact = {}}));
    EXPECT_EQ(captured.log_.count_of("secret-session"), 1U);
}

TEST(ExchangeLogs, ABodyOfTheRequestStandsBeforeItsEnd) {
    Captured captured;
    Exchange exchange(R"({"qty":1})");
    exchange.response.status = 204;
    exchange.response.body = {};
    exchange.write(captured.at(LoggerLevel::full, {.redact = {"authorization", "set-cookie"}}));
    const auto texts = captured.texts();
    ASSERT_EQ(texts.size(), 12U);
    EXPECT_EQ(texts[4], "");
    EXPECT_EQ(texts[5], R"({"qty":1})");
    EXPECT_EQ(texts[6], "---> END HTTP (9-byte body)");
    EXPECT_EQ(texts.back(), "<--- END HTTP (0-byte body)");
    EXPECT_EQ(texts[10], "set-cookie: ***");
}

TEST(ExchangeLogs, BinaryAndLongBodiesAreNotWrittenWhole) {
    Captured captured;
    Exchange exchange("\xff\xfe");
    const std::string long_body(300, 'x');
    exchange.response.body = long_body;
    exchange.write(captured.at(LoggerLevel::full, {.max_body = Bytes{100}}));
    const auto texts = captured.texts();
    EXPECT_EQ(texts[5], "Binary data");
    EXPECT_EQ(texts[texts.size() - 2], std::string(100, 'x') + "... (300 bytes)");
}

TEST(ExchangeLogs, AFailureAndTheNextAttemptAreTold) {
    Captured captured;
    const Exchange exchange;
    const LoggedFailure failure{
        .exception = "ConnectException", .message = "Connection refused", .details = "details", .taken = 3ms
    };
    captured.at(LoggerLevel::basic).failure(exchange.request, failure);
    captured.at(LoggerLevel::full).failure(exchange.request, failure);
    captured.at(LoggerLevel::full).retrying();
    const std::vector<std::string> expected = {
        "<--- ERROR ConnectException: Connection refused (3ms)",
        "<--- ERROR ConnectException: Connection refused (3ms)",
        "details",
        "<--- END ERROR",
        "---> RETRYING",
    };
    EXPECT_EQ(captured.texts(), expected);
}

TEST(ExchangeLogs, AsJsonAnExchangeIsOneRecord) {
    Captured captured;
    Exchange exchange;
    exchange.response.body = "\"x\"";
    exchange.write(captured.at(LoggerLevel::full, {.format = LogFormat::json}));
    const auto texts = captured.texts();
    ASSERT_EQ(texts.size(), 1U);
    EXPECT_EQ(
        texts[0],
        R"({"method":"GET","url":"http://order-service/order-service/83cb/orders",)"
        R"("requestHeaders":{"Accept":"application/json","Authorization":"******","X-Tenant":"kr"},)"
        R"("status":404,"bytes":3,"responseHeaders":{"connection":"keep-alive","content-type":"application/json",)"
        R"("set-cookie":"***"},"responseBody":"\"x\"","ms":331})"
    );
}

}  // namespace

}  // namespace flotilla::remote
