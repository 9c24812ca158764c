#include "flotilla/http/multipart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"

namespace flotilla::http {
namespace {

using Kind = MultipartParser::Kind;
using ::testing::ElementsAre;

TEST(MultipartBoundary, IsReadFromTheContentType) {
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=x; Boundary=\"a b:c\""), "a b:c");
    for (const char* bad :
         {"multipart/form-data",
          "multipart/mixed; boundary=a",
          "multipart/form-data; boundary=",
          "multipart/form-data; boundary=\"a \"",
          "multipart/form-data; boundary=\"a\\\r\"",
          "text/plain; boundary=a"}) {
        EXPECT_EQ(multipart_boundary(bad), std::nullopt) << bad;
    }
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'a')), std::nullopt);
}

std::vector<std::string> happenings(std::string_view body, std::size_t step, MultipartLimits limits = {}) {
    MultipartParser parser("B", limits);
    std::vector<std::string> all;
    for (std::size_t at = 0; at < body.size(); at += step) {
        const std::string piece(body.substr(at, step));
        std::string_view rest = piece;
        while (true) {
            const auto next = parser.next(rest);
            rest.remove_prefix(next.consumed);
            if (next.kind == Kind::need_more) break;
            if (next.kind == Kind::part) {
                const PartHead& part = parser.part();
                all.push_back(part.name + '/' + part.filename.value_or("-") + '/' + part.content_type + ": ");
            }
            if (next.kind == Kind::data) {
                EXPECT_FALSE(next.data.empty());
                all.back().append(next.data);
            }
            if (next.kind == Kind::part_end) all.back().append(".");
            if (next.kind == Kind::done || next.kind == Kind::rejected) {
                all.push_back(next.kind == Kind::done ? "done" : "rejected");
                return all;
            }
        }
    }
    return all;
}

std::vector<std::string> happenings(std::string_view body, MultipartLimits limits = {}) {
    const auto whole = happenings(body, body.size() + 1, limits);
    for (const std::size_t step : {1u, 2u, 3u, 7u, 20u})
        EXPECT_EQ(happenings(body, step, limits), whole) << step;
    return whole;
}

constexpr std::string_view field = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

TEST(Multipart, GivesFieldsAndFiles) {
    const std::string body =
        "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n"
        "--B\r\ncontent-disposition: Form-Data; name=file; filename=\"C:\\dir\\../a %22b\\\".txt\"\r\n"
        "Content-Type: text/plain\r\n\r\nline\r\n\r\n--\r\n--C\r\r\n--\r\n"
        "--B \t\r\nContent-Disposition: form-data; name=\"\"; filename=\"\"\r\n\r\n\r\n"
        "--B--\r\nepilogue";
    EXPECT_THAT(
        happenings(body),
        ElementsAre(
            "text/-/: hello.", "file/a \"b\".txt/text/plain: line\r\n\r\n--\r\n--C\r\r\n--.", "//: .", "done"
        )
    );
}

TEST(Multipart, SkipsThePreamble) {
    EXPECT_THAT(
        happenings("preamble\r\n--C\r\n--B\r\n" + std::string(field) + "x\r\n--B--"),
        ElementsAre("a/-/: x.", "done")
    );
    EXPECT_THAT(happenings("--B--"), ElementsAre("done"));
    EXPECT_THAT(happenings("x--B--"), ElementsAre());
}

TEST(Multipart, RefusesWhatIsMalformed) {
    for (const std::string body :
         {"--Bx\r\n",
          "--B-x",
          "--B\n",
          "--B\r\n\r\n",
          "--B\r\nContent-Disposition: form-data\r\n\r\n",
          "--B\r\nContent-Disposition: attachment; name=a\r\n\r\n",
          "--B\r\nContent-Disposition : form-data; name=a\r\n\r\n",
          "--B\r\nContent-Disposition: form-data; name=a\n\r\n",
          "--B\r\nno colon\r\n\r\n"}) {
        EXPECT_THAT(happenings(body), ElementsAre("rejected")) << body;
    }
    EXPECT_THAT(happenings("--B\r\nX: " + std::string(9000, 'x')), ElementsAre("rejected"));
    EXPECT_THAT(
        happenings("--B\r\nContent-Disposition: form-data; name=" + std::string(300, 'x') + "\r\n\r\n"),
        ElementsAre("rejected")
    );
    const std::string part = "--B\r\n" + std::string(field) + "x\r\n";
    EXPECT_THAT(
        happenings(part + part + part, {.parts = 2}), ElementsAre("a/-/: x.", "a/-/: x.", "rejected")
    );
}

TEST(Multipart, IsCollectedWhenItIsInMemory) {
    const std::string body =
        "--B\r\n" + std::string(field) + "1\r\n--B\r\n" + std::string(field) + "2\r\n--B--\r\n";
    const auto parts = parse_multipart(body, "B");
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 2u);
    EXPECT_EQ((*parts)[1].data, "2");
    for (std::size_t size = 0; size + 3 < body.size(); ++size)
        EXPECT_FALSE(parse_multipart(body.substr(0, size), "B")) << size;
}

TEST(Multipart, GivesBackAnyData) {
    Random random(37);
    constexpr std::string_view alphabet = "\r\n-BxyC";
    for (int round = 0; round < 2000; ++round) {
        std::string body;
        std::vector<std::string> expected;
        for (auto parts = random.below(4); parts > 0; --parts) {
            std::string data(random.below(40), '\0');
            for (char& c : data) c = alphabet[random.below(alphabet.size())];
            if (("\r\n" + data + "\r").find("\r\n--B") != std::string::npos) continue;
            body += "--B\r\n" + std::string(field) + data + "\r\n";
            expected.push_back("a/-/: " + data + ".");
        }
        expected.push_back("done");
        body += "--B--\r\n";
        EXPECT_EQ(happenings(body), expected) << ::testing::PrintToString(body);
    }
}

}  // namespace
}  // namespace flotilla::http
