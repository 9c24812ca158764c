#include "flotilla/actuator/http_exchanges.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace flotilla::actuator {

namespace {

using namespace std::chrono_literals;
using reflect::Json;

struct Sample {
    Sample() {
        fields.add("Host", "localhost:8080");
        fields.add("Authorization", "Basic c2VjcmV0");
        fields.add("Cookie", "session=1");
        fields.add("X-Two", "a");
        fields.add("X-Two", "b");
    }

    [[nodiscard]] HttpExchangeRepository::Exchange at(int second) const {
        return {
            .received = WallTime{std::chrono::seconds(second)},
            .taken = 23'153'253ns,
            .method = "GET",
            .base_url = "http://localhost:8080",
            .path = "/users/7",
            .query = "page=2",
            .request_fields = &fields,
            .status = 200,
            .response_fields = "Content-Type: text/plain\r\nSet-Cookie: session=1\r\n",
            .principal = "ann",
            .remote_address = "10.0.0.7",
        };
    }

    http::Fields fields;
};

TEST(HttpExchanges, ShowsRequestAndResponse) {
    HttpExchangeRepository repository;
    repository.record(Sample().at(0));
    EXPECT_EQ(
        repository.json().text(),
        R"({"exchanges":[{"timestamp":"1970-01-01T00:00:00Z","request":{"method":"GET",)"
        R"("uri":"http://localhost:8080/users/7?page=2","headers":{"Host":["localhost:8080"],"X-Two":["a","b"]}},)"
        R"("response":{"status":200,"headers":{"Content-Type":["text/plain"]}},"timeTaken":"PT0.023153253S"}]})"
    );
}

TEST(HttpExchanges, RecordsMoreWhenToldSo) {
    HttpExchangeRepository repository(
        100, {.cookie_headers = true, .authorization_header = true, .principal = true, .remote_address = true}
    );
    repository.record(Sample().at(0));
    const Json exchange = repository.json()["exchanges"][0];
    EXPECT_EQ(exchange["principal"]["name"], Json("ann"));
    EXPECT_EQ(exchange["request"]["remoteAddress"], Json("10.0.0.7"));
    EXPECT_TRUE(exchange["request"]["headers"].contains("Authorization"));
    EXPECT_TRUE(exchange["response"]["headers"].contains("Set-Cookie"));
}

TEST(ActuatorFacts, F19_KeepsAHundredNewestFirstWithoutAuthorizationOrCookie) {
    HttpExchangeRepository repository;
    const Sample sample;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 200; ++i) repository.record(sample.at(i * 3 + thread));
        });
    }
    for (auto& thread : threads) thread.join();
    const Json document = repository.json();
    const auto& exchanges = document["exchanges"].elements();
    ASSERT_EQ(exchanges.size(), 100U);
    EXPECT_EQ(exchanges.front()["timestamp"], Json("1970-01-01T00:09:59Z"));
    EXPECT_EQ(exchanges.back()["timestamp"], Json("1970-01-01T00:08:20Z"));
    for (const auto& exchange : exchanges) {
        for (const char* name : {"Authorization", "Cookie", "Set-Cookie"}) {
            EXPECT_FALSE(exchange["request"]["headers"].contains(name));
            EXPECT_FALSE(exchange["response"]["headers"].contains(name));
        }
    }
}

TEST(HttpExchanges, TheOldShapeHasTracesInMilliseconds) {
    HttpExchangeRepository repository;
    repository.record(Sample().at(0));
    const Json trace = repository.traces_json()["traces"][0];
    EXPECT_EQ(trace["timeTaken"], Json(23));
    EXPECT_TRUE(trace.contains("principal"));
    EXPECT_TRUE(trace["principal"].is_null());
    EXPECT_TRUE(trace["session"].is_null());
    EXPECT_TRUE(trace["request"].contains("remoteAddress"));
}

}  // namespace

}  // namespace flotilla::actuator
