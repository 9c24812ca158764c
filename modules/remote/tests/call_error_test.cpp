#include "flotilla/remote/call_error.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/units.hpp"
#include "flotilla/http/error.hpp"
#include "flotilla/remote/deadline.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view key = "OrderClient#getOrders(String)";

TEST(CallErrors, AStatusIsToldAsFeignTellsIt) {
    EXPECT_EQ(
        status_message(404, "Not Found", "GET", "http://h/p", key, "gone"),
        "[404 Not Found] during [GET] to [http://h/p] [OrderClient#getOrders(String)]: [gone]"
    );
    EXPECT_EQ(
        status_message(404, "", "GET", "http://h/p", key, ""),
        "[404] during [GET] to [http://h/p] [OrderClient#getOrders(String)]: []"
    );
}

TEST(ClientFacts, F18_LongBodiesAreCutInMessagesAndShortOnesAreNot) {
    const std::string cut = status_message(500, "", "GET", "http://h/", key, std::string(1000, 'x'));
    EXPECT_TRUE(cut.ends_with(std::string(200, 'x') + "... (1000 bytes)]")) << cut;
    EXPECT_EQ(cut.find(std::string(201, 'x')), std::string::npos);
    const std::string whole = status_message(500, "", "GET", "http://h/", key, std::string(399, 'x'));
    EXPECT_TRUE(whole.ends_with("[" + std::string(399, 'x') + "]"));
    EXPECT_TRUE(
        status_message(500, "", "GET", "http://h/", key, std::string(400, 'x')).ends_with("(400 bytes)]")
    );
}

TEST(CallErrors, AtTheEdgeTheyAreOurOwnFailure) {
    const auto edge = [](ErrorKind kind) { return http::code_of(http::status_of(CallError(kind, "x"))); };
    EXPECT_EQ(edge(ErrorKind::no_instance), 503);
    EXPECT_EQ(edge(ErrorKind::not_permitted), 503);
    EXPECT_EQ(edge(ErrorKind::rejected), 503);
    EXPECT_EQ(edge(ErrorKind::timeout), 504);
    EXPECT_EQ(edge(ErrorKind::deadline), 504);
    EXPECT_EQ(edge(ErrorKind::connect), 502);
    EXPECT_EQ(edge(ErrorKind::status), 502);
    EXPECT_EQ(edge(ErrorKind::decode), 502);
}

Result<int> pass_on(Reply<int> reply) {
    FLT_TRY(const int value, std::move(reply));
    return value + 1;
}

TEST(CallErrors, AFunctionOfResultPassesThemOn) {
    EXPECT_EQ(pass_on(1).value(), 2);
    const auto failed = pass_on(std::unexpected(CallError(ErrorKind::timeout, "too slow")));
    EXPECT_EQ(failed.error().message(), "too slow");
    EXPECT_EQ(failed.error().code(), Errc::timed_out);
    EXPECT_THROW((void)Reply<int>(std::unexpected(CallError(ErrorKind::reset, "x"))).value(), std::exception);
}

TEST(CallErrors, RetryAfterIsReadInAllItsForms) {
    const WallTime now = parse_iso_time("2026-11-21T12:00:00Z").value();
    EXPECT_EQ(parse_retry_after("3", now), 3s);
    EXPECT_EQ(parse_retry_after(" 3.0 ", now), 3s);
    EXPECT_EQ(parse_retry_after("-1", now), std::nullopt);
    EXPECT_EQ(parse_retry_after("3.5", now), std::nullopt);
    EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
    EXPECT_EQ(parse_retry_after("", now), std::nullopt);
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 12:00:05 GMT", now), 5s);
    EXPECT_EQ(parse_retry_after("Sat, 21 Nov 2026 11:00:00 GMT", now), 0s);
}

http::Fields fields_of(std::initializer_list<http::Field> list) {
    http::Fields fields;
    for (const auto& field : list) fields.add(field.name, field.value);
    return fields;
}

TEST(Deadlines, TheLeastOfWhatTheCallerSaysCounts) {
    EXPECT_EQ(time_left(fields_of({})), std::nullopt);
    EXPECT_EQ(time_left(fields_of({{"X-Request-Deadline-Ms", "250"}})), 250ms);
    EXPECT_EQ(time_left(fields_of({{"x-envoy-expected-rq-timeout-ms", "90"}})), 90ms);
    EXPECT_EQ(time_left(fields_of({{"grpc-timeout", "2S"}, {"X-Request-Deadline-Ms", "250"}})), 250ms);
    EXPECT_EQ(time_left(fields_of({{"grpc-timeout", "2S"}})), 2s);
    for (const std::string_view bad : {"", "-1", "1s", "soon", "1e3", "99999999999999999999"})
        EXPECT_EQ(time_left(fields_of({{"X-Request-Deadline-Ms", bad}})), std::nullopt) << bad;
}

TEST(Deadlines, TheTimeoutsOfGrpcAreRead) {
    EXPECT_EQ(parse_grpc_timeout("1H"), 1h);
    EXPECT_EQ(parse_grpc_timeout("2M"), 2min);
    EXPECT_EQ(parse_grpc_timeout("100m"), 100ms);
    EXPECT_EQ(parse_grpc_timeout("100u"), 100us);
    EXPECT_EQ(parse_grpc_timeout("100n"), 100ns);
    EXPECT_TRUE(parse_grpc_timeout("99999999H"));
    for (const std::string_view bad : {"", "m", "10", "123456789m", "-5m", "1.5S", "10s", "10x"})
        EXPECT_EQ(parse_grpc_timeout(bad), std::nullopt) << bad;
}

}  // namespace

}  // namespace flotilla::remote
