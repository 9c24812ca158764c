#include "flotilla/http/message_writer.hpp"

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"
#include "flotilla/http/request_parser.hpp"
#include "flotilla/http/response_parser.hpp"
#include "flotilla/http/status.hpp"

namespace flotilla::http {
namespace {

using namespace std::string_literals;

TEST(Method, IsReadFromItsText) {
    for (const auto method :
         {Method::get,
          Method::head,
          Method::post,
          Method::put,
          Method::patch,
          Method::delete_,
          Method::options,
          Method::trace,
          Method::connect}) {
        EXPECT_EQ(parse_method(to_text(method)), method);
    }
    for (const char* other : {"", "G", "get", "GETS", "PO", "PATCHY", "DELET", "PROPFIND"}) {
        EXPECT_EQ(parse_method(other), Method::other) << other;
    }
    EXPECT_TRUE(is_idempotent(Method::put));
    EXPECT_FALSE(is_idempotent(Method::post));
}

TEST(Status, HasReasonPhrases) {
    EXPECT_EQ(reason_phrase(Status::not_found), "Not Found");
    EXPECT_EQ(reason_phrase(299), "");
}

TEST(MessageWriter, WritesHeads) {
    std::string out;
    ASSERT_TRUE(append_request_line(out, "GET", "/a?b"));
    ASSERT_TRUE(append_field(out, "Host", "a"));
    append_number_field(out, "Content-Length", 0);
    append_head_end(out);
    EXPECT_EQ(out, "GET /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    out.clear();
    append_status_line(out, 200);
    append_status_line(out, 404, 0);
    append_status_line(out, 299);
    append_status_line(out, 9);
    EXPECT_EQ(
        out,
        "HTTP/1.1 200 OK\r\nHTTP/1.0 404 Not Found\r\nHTTP/1.1 299 \r\nHTTP/1.1 500 Internal Server Error\r\n"
    );
}

TEST(MessageWriter, RefusesWhatWouldBreakOutOfItsPlace) {
    std::string out;
    for (const auto& bad : {"a\r\nX: y"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x7f"s, " a"s, "a\t"s, "\x01"s}) {
        EXPECT_FALSE(append_field(out, "X", bad));
    }
    for (const auto& bad : {""s, "a b"s, "a:"s, "a\r\n"s, "\xc3\xa4"s})
        EXPECT_FALSE(append_field(out, bad, "x"));
    for (const auto& bad : {""s, "/a b"s, "/a\r\nX"s, "/\x7f"s})
        EXPECT_FALSE(append_request_line(out, "GET", bad));
    EXPECT_FALSE(append_request_line(out, "GE T", "/"));
    EXPECT_EQ(out, "");
}

std::string random_text(Random& random, std::string_view alphabet, std::size_t least, std::size_t most) {
    std::string text(least + random.below(most - least + 1), '\0');
    for (char& c : text) c = alphabet[random.below(alphabet.size())];
    return text;
}

TEST(MessageWriter, WritesWhatTheParsersRead) {
    Random random(11);
    for (int round = 0; round < 1000; ++round) {
        std::vector<std::pair<std::string, std::string>> fields = {{"Host", "a"}};
        for (auto count = random.below(50); count > 0; --count) {
            std::string value = random_text(random, "ab \t,;=\"\x80\xff", 0, 30);
            while (!is_field_value(value)) value.pop_back(), value.erase(0, 1);
            fields.emplace_back("x" + random_text(random, "abcXYZ019-.!~", 0, 20), value);
        }
        std::string head;
        const std::string target = "/" + random_text(random, "abc/?=&_~", 0, 60);
        ASSERT_TRUE(append_request_line(head, "PUT", target));
        for (const auto& [name, value] : fields) ASSERT_TRUE(append_field(head, name, value));
        append_head_end(head);
        RequestParser request;
        ASSERT_EQ(request.parse(head), Progress::done) << head;
        EXPECT_EQ(request.head().target, target);
        ASSERT_EQ(request.head().fields.size(), fields.size());
        for (std::size_t i = 0; i < fields.size(); ++i) {
            EXPECT_EQ(request.head().fields[i].name, fields[i].first);
            EXPECT_EQ(request.head().fields[i].value, fields[i].second);
        }

        std::string answer;
        append_status_line(answer, 203);
        answer.append(head.substr(head.find('\n') + 1));
        ResponseParser response;
        ASSERT_EQ(response.parse(answer), Progress::done);
        EXPECT_EQ(response.head().status, 203);
        EXPECT_EQ(response.head().reason, "Non-Authoritative Information");
        EXPECT_EQ(response.head().fields.size(), fields.size());
    }
}

}  // namespace
}  // namespace flotilla::http
