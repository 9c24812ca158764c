#include "flotilla/http/request_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"
#include "malformed_requests.hpp"
#include "message_driver.hpp"

namespace flotilla::http {
namespace {

using namespace std::string_literals;
using testing::MessageDriver;
using testing::Outcome;
using testing::outcome_of;

// Long messages are split at some boundaries only: all of them would take minutes.
std::vector<std::size_t> boundaries(std::size_t size) {
    std::vector<std::size_t> all;
    const std::size_t step = size < 2000 ? 1 : 257;
    for (std::size_t at = 0; at <= size; at += step) all.push_back(at);
    for (std::size_t back = 0; back < 64 && back < size; ++back) all.push_back(size - back);
    return all;
}

TEST(MalformedRequests, AreRefusedWithTheirStatusAndRule) {
    const auto rows = testing::malformed_requests();
    EXPECT_GE(rows.size(), 80u);
    for (const auto& row : rows) {
        const Outcome outcome = outcome_of({row.bytes});
        EXPECT_EQ(outcome.progress, Progress::rejected) << row.name;
        EXPECT_EQ(outcome.reject.status, row.status) << row.name << ": " << outcome.reject.why;
        EXPECT_EQ(outcome.reject.rule, row.rule) << row.name << ": " << outcome.reject.why;
        EXPECT_FALSE(outcome.reject.why.empty()) << row.name;
    }
}

TEST(MalformedRequests, HaveTheSameOutcomeSplitAtEveryByteBoundary) {
    for (const auto& row : testing::malformed_requests()) {
        const Outcome whole = outcome_of({row.bytes});
        const std::string_view bytes = row.bytes;
        for (const std::size_t at : boundaries(bytes.size())) {
            ASSERT_EQ(outcome_of({bytes.substr(0, at), bytes.substr(at)}), whole) << row.name << " at " << at;
        }
    }
}

TEST(MalformedRequests, HaveTheSameOutcomeByteByByte) {
    for (const auto& row : testing::malformed_requests()) {
        MessageDriver driver;
        for (const char& c : row.bytes) driver.feed({&c, 1});
        EXPECT_EQ(driver.outcome(), outcome_of({row.bytes})) << row.name;
    }
}

TEST(ValidRequests, AreReadWithTheirBody) {
    for (const auto& row : testing::valid_requests()) {
        MessageDriver driver;
        driver.feed(row.bytes);
        EXPECT_EQ(driver.outcome().progress, Progress::done)
            << row.name << ": " << driver.outcome().reject.why;
        EXPECT_EQ(driver.outcome().body, row.body) << row.name;
        EXPECT_EQ(driver.outcome().consumed, row.bytes.size()) << row.name;
        EXPECT_EQ(driver.head().keep_alive, !row.closes) << row.name;
    }
}

TEST(ValidRequests, NeedMoreUntilTheLastByteAndThenAreDone) {
    for (const auto& row : testing::valid_requests()) {
        const Outcome whole = outcome_of({row.bytes});
        const std::string_view bytes = row.bytes;
        for (const std::size_t at : boundaries(bytes.size())) {
            const std::string_view begin = bytes.substr(0, at);
            if (at < bytes.size()) {
                ASSERT_EQ(outcome_of({begin}).progress, Progress::need_more) << row.name;
            }
            ASSERT_EQ(outcome_of({begin, bytes.substr(at)}), whole) << row.name << " at " << at;
        }
    }
}

TEST(ValidRequests, LeaveTheNextRequestAlone) {
    for (const auto& row : testing::valid_requests()) {
        const Outcome outcome = outcome_of({row.bytes + "GET /next HTTP/1.1\r\n"});
        EXPECT_EQ(outcome.progress, Progress::done) << row.name;
        EXPECT_EQ(outcome.consumed, row.bytes.size()) << row.name;
    }
}

class RequestParserTest : public ::testing::Test {
protected:
    const RequestHead& parsed(std::string text) {
        text_ = std::move(text);
        parser_.reset();
        EXPECT_EQ(parser_.parse(text_), Progress::done) << parser_.reject().why;
        return parser_.head();
    }

    std::string text_;
    RequestParser parser_;
};

TEST_F(RequestParserTest, TakesAnEmptyPortForNone) {
    EXPECT_EQ(parsed("GET / HTTP/1.1\r\nHost: a.example:\r\n\r\n").host, "a.example");
    EXPECT_EQ(parsed("GET / HTTP/1.1\r\nHost: [::1]:\r\n\r\n").host, "[::1]");
    EXPECT_EQ(parsed("GET http://a/b HTTP/1.1\r\nHost: a:\r\n\r\n").host, "a");
}

TEST_F(RequestParserTest, GivesTheParts) {
    const RequestHead& head = parsed(
        "POST /users/1?x=2&y HTTP/1.1\r\nHost: shop.example:8000\r\nContent-Type:  text/plain "
        "\r\nX-Empty:\r\n"
        "content-length: 12\r\n\r\nhello, world"
    );
    EXPECT_EQ(head.method, Method::post);
    EXPECT_EQ(head.method_text, "POST");
    EXPECT_EQ(head.form, TargetForm::origin);
    EXPECT_EQ(head.target, "/users/1?x=2&y");
    EXPECT_EQ(head.path, "/users/1");
    EXPECT_EQ(head.query, "x=2&y");
    EXPECT_TRUE(head.has_query);
    EXPECT_TRUE(head.path_is_plain);
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_EQ(head.host, "shop.example:8000");
    EXPECT_EQ(head.content_length, 12u);
    EXPECT_TRUE(head.has_body());
    EXPECT_FALSE(head.chunked);
    EXPECT_TRUE(head.keep_alive);
    ASSERT_EQ(head.fields.size(), 4u);
    EXPECT_EQ(head.fields[1], (Field{"Content-Type", "text/plain"}));
    EXPECT_EQ(head.fields[2], (Field{"X-Empty", ""}));
    EXPECT_EQ(head.fields.get(KnownField::content_type), "text/plain");
    EXPECT_EQ(parser_.consumed(), text_.size() - 12);
}

TEST_F(RequestParserTest, CanBeUsedAgainAfterReset) {
    parsed("POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    const RequestHead& head = parsed("GET /c HTTP/1.1\r\nHost: b\r\n\r\n");
    EXPECT_EQ(head.method, Method::get);
    EXPECT_EQ(head.path, "/c");
    EXPECT_EQ(head.query, "");
    EXPECT_FALSE(head.has_query);
    EXPECT_FALSE(head.chunked);
    EXPECT_FALSE(head.expect_continue);
    EXPECT_FALSE(head.has_body());
    EXPECT_EQ(head.fields.size(), 1u);
}

TEST_F(RequestParserTest, GivesOtherMethodsByTheirText) {
    const RequestHead& head = parsed("get / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(head.method, Method::other);
    EXPECT_EQ(head.method_text, "get");
}

TEST_F(RequestParserTest, SplitsAnAbsoluteTarget) {
    const RequestHead& head =
        parsed("GET https://a.example:8443/x/y?z HTTP/1.1\r\nHost: A.example:8443\r\n\r\n");
    EXPECT_EQ(head.form, TargetForm::absolute);
    EXPECT_EQ(head.path, "/x/y");
    EXPECT_EQ(head.query, "z");
    EXPECT_EQ(parsed("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").path, "/");
    EXPECT_EQ(parsed("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n").query, "q");
    EXPECT_EQ(parsed("GET http://a:/b HTTP/1.1\r\nHost: a\r\n\r\n").path, "/b");
}

TEST_F(RequestParserTest, SaysWhichPathsNeedNoDecoding) {
    EXPECT_TRUE(parsed("GET /a.b/c..d HTTP/1.1\r\nHost: a\r\n\r\n").path_is_plain);
    EXPECT_FALSE(parsed("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n").path_is_plain);
    EXPECT_FALSE(parsed("GET /a%20b HTTP/1.1\r\nHost: a\r\n\r\n").path_is_plain);
    EXPECT_TRUE(parsed("GET /a?%20 HTTP/1.1\r\nHost: a\r\n\r\n").path_is_plain);
}

TEST_F(RequestParserTest, KnowsWhoKeepsTheConnection) {
    EXPECT_TRUE(parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
    EXPECT_FALSE(parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive);
    EXPECT_FALSE(
        parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nconnection: y ,CLOSE\r\n\r\n").keep_alive
    );
    EXPECT_FALSE(parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
    EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
    EXPECT_TRUE(parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST_F(RequestParserTest, NoticesExpectationsAndUpgrades) {
    EXPECT_TRUE(parsed("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
                    .expect_continue);
    EXPECT_FALSE(parsed("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n").expect_continue
    );
    const std::string upgrade = "Host: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n";
    EXPECT_TRUE(parsed("GET / HTTP/1.1\r\n" + upgrade).upgrade_websocket);
    EXPECT_FALSE(parsed("POST / HTTP/1.1\r\n" + upgrade).upgrade_websocket);
    EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n" + upgrade).upgrade_websocket);
    EXPECT_FALSE(parsed("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n").upgrade_websocket);
}

TEST_F(RequestParserTest, TreatsUnderscoresAsTold) {
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\nX_User: eve\r\nX-User: bob\r\n\r\n";
    const RequestHead& dropped = parsed(text);
    EXPECT_EQ(dropped.fields.size(), 2u);
    EXPECT_EQ(dropped.dropped_fields, 1u);

    RequestParser allowing({.underscore_fields = UnderscoreFields::allow});
    ASSERT_EQ(allowing.parse(text), Progress::done);
    EXPECT_EQ(allowing.head().fields.get("x_user"), "eve");

    RequestParser rejecting({.underscore_fields = UnderscoreFields::reject});
    ASSERT_EQ(rejecting.parse(text), Progress::rejected);
    EXPECT_EQ(rejecting.reject().rule, "S20");
    EXPECT_EQ(rejecting.reject().status, 400);
}

TEST_F(RequestParserTest, KeepsEncodedSlashesWhenTold) {
    RequestParser keeping({.encoded_slash = EncodedSlash::keep});
    const auto outcome = [&](const std::string& path) {
        keeping.reset();
        return keeping.parse("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    };
    EXPECT_EQ(outcome("/a%2Fb%5cc"), Progress::done);
    EXPECT_EQ(outcome("/a/..%2f..%2fb"), Progress::rejected);
    EXPECT_EQ(outcome("/a/x%2f..%2fb"), Progress::rejected);
    EXPECT_EQ(outcome("/a%5c.."), Progress::rejected);
}

TEST_F(RequestParserTest, RefusesAtTheFirstWrongByte) {
    EXPECT_EQ(outcome_of({"GE\x01"}).progress, Progress::rejected);
    EXPECT_EQ(outcome_of({"GET / HTTX"}).progress, Progress::rejected);
    EXPECT_EQ(outcome_of({"GET / HTTP/1.1\r\n "}).progress, Progress::rejected);
    EXPECT_EQ(
        outcome_of({"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n"}).progress,
        Progress::rejected
    );
    EXPECT_EQ(outcome_of({"GET /" + std::string(8 * 1024 + 2, 'a')}).reject.status, 414);
    EXPECT_EQ(outcome_of({"GET / HTTP/1.1\r\nX: " + std::string(32 * 1024, 'a')}).reject.status, 431);
}

TEST_F(RequestParserTest, StaysRejectedUntilReset) {
    parser_.reset();
    EXPECT_EQ(parser_.parse("GET / HTTP/3.0\r\n"), Progress::rejected);
    EXPECT_EQ(parser_.parse("GET / HTTP/3.0\r\nHost: a\r\n\r\n"), Progress::rejected);
    EXPECT_EQ(parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").path, "/");
}

TEST_F(RequestParserTest, TellsAnIdleConnectionFromASlowOne) {
    parser_.reset();
    EXPECT_FALSE(parser_.started());
    EXPECT_EQ(parser_.parse("\r\n"), Progress::need_more);
    EXPECT_FALSE(parser_.started());
    EXPECT_EQ(parser_.parse("\r\nG"), Progress::need_more);
    EXPECT_TRUE(parser_.started());
}

TEST_F(RequestParserTest, SurvivesRandomBytesAndMutations) {
    Random random(20261121);
    const auto valid = testing::valid_requests();
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = valid[random.below(valid.size())].bytes;
        if (bytes.size() > 2000) bytes.resize(2000);
        for (auto edits = random.below(4) + 1; edits > 0; --edits) {
            const auto at = random.below(bytes.size());
            if (random.below(2) == 0) {
                bytes[at] = static_cast<char>(random.below(256));
            } else {
                bytes.insert(at, 1, "\r\n \t:,;%/.\0"s[random.below(11)]);
            }
        }
        const Outcome whole = outcome_of({bytes});
        const auto at = random.below(bytes.size() + 1);
        const std::string_view view = bytes;
        ASSERT_EQ(outcome_of({view.substr(0, at), view.substr(at)}), whole)
            << ::testing::PrintToString(bytes);
    }
}

// The parts of the gateway's facts that are decided here.

TEST(GatewayFacts, F35_LengthAndChunkedIs400) {
    const Outcome outcome = outcome_of(
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"}
    );
    EXPECT_EQ(outcome.reject.status, 400);
    EXPECT_EQ(outcome.reject.rule, "S1");
}

TEST(GatewayFacts, F43_DotSegmentsWithEscapesAre400) {
    for (const std::string path : {"/user-service/%2e%2e/actuator/env", "/a/..%2f..%2fb"}) {
        EXPECT_EQ(outcome_of({"GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"}).reject.rule, "S12") << path;
    }
}

TEST(GatewayFacts, F44_SizesHaveTheirStatus) {
    EXPECT_EQ(outcome_of({testing::detail::get("/" + std::string(9 * 1024, 'a'))}).reject.status, 414);
    EXPECT_EQ(
        outcome_of({testing::detail::get_with("X: " + std::string(40 * 1024, 'a') + "\r\n")}).reject.status,
        431
    );
    EXPECT_EQ(
        outcome_of({testing::detail::get_with(testing::detail::repeated(100, "X: 1\r\n"))}).reject.status, 431
    );
}

}  // namespace
}  // namespace flotilla::http
