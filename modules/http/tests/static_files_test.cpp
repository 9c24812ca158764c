#include "flotilla/http/static_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../../runtime/tests/test_certificates.hpp"
#include "flotilla/http/gzip.hpp"
#include "server_harness.hpp"
#include "temporary_folder.hpp"

namespace flotilla::http {

namespace {

using testing::close_request;
using testing::ServerHarness;

class StaticFilesTest : public ::testing::Test {
protected:
    StaticFilesTest() {
        std::filesystem::create_directories(folder_.file("public/sub"));
        write("public/index.html", "<h1>home</h1>");
        write("public/sub/index.html", "<h1>sub</h1>");
        write("public/digits.txt", "0123456789");
        write("public/app.js", "let plain = 1;");
        write("public/app.js.gz", gzip("let plain = 1;"));
        write("public/.secret", "hidden");
        write("outside.txt", "outside");
        std::filesystem::create_symlink(folder_.file("outside.txt"), folder_.file("public/link.txt"));
        StaticFiles::open({.root = folder_.file("public")}).value().mount(router_, "/files");
    }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_.file(name), std::ios::binary) << text;
    }

    /// The answer to a GET of that path with those fields.
    std::string get(
        const std::string& path, const std::string& fields = {}, const std::string& method = "GET"
    ) {
        std::string answer;
        testing::with_server(router_, [&](ServerHarness& server) -> Task<> {
            answer = co_await server.exchange(close_request(method + " " + path, fields));
        });
        return answer;
    }

    static std::string field(const std::string& answer, const std::string& name) {
        const auto at = answer.find("\r\n" + name + ": ");
        if (at == std::string::npos) return {};
        const auto begin = at + name.size() + 4;
        return answer.substr(begin, answer.find("\r\n", begin) - begin);
    }

    test_support::TemporaryFolder folder_;
    Router router_;
};

TEST_F(StaticFilesTest, AFileComesWithItsTypeAndValidators) {
    const auto answer = get("/files/digits.txt");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_EQ(field(answer, "Content-Type"), "text/plain;charset=UTF-8");
    EXPECT_EQ(field(answer, "Content-Length"), "10");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n0123456789"));
    EXPECT_FALSE(field(answer, "ETag").empty());
    EXPECT_TRUE(get("/files/digits.txt", "If-None-Match: " + field(answer, "ETag") + "\r\n")
                    .starts_with("HTTP/1.1 304 "));
    EXPECT_TRUE(get("/files/digits.txt", "If-Modified-Since: " + field(answer, "Last-Modified") + "\r\n")
                    .starts_with("HTTP/1.1 304 "));
    EXPECT_TRUE(get("/files/digits.txt", "If-Match: \"other\"\r\n").starts_with("HTTP/1.1 412 "));
    const auto head = get("/files/digits.txt", {}, "HEAD");
    EXPECT_EQ(field(head, "Content-Length"), "10");
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(StaticFilesTest, RangesGiveParts) {
    const auto one = get("/files/digits.txt", "Range: bytes=2-4\r\n");
    EXPECT_TRUE(one.starts_with("HTTP/1.1 206 ")) << one;
    EXPECT_EQ(field(one, "Content-Range"), "bytes 2-4/10");
    EXPECT_TRUE(one.ends_with("\r\n\r\n234"));
    EXPECT_TRUE(get("/files/digits.txt", "Range: bytes=-3\r\n").ends_with("\r\n\r\n789"));
    const auto none = get("/files/digits.txt", "Range: bytes=20-\r\n");
    EXPECT_TRUE(none.starts_with("HTTP/1.1 416 ")) << none;
    EXPECT_EQ(field(none, "Content-Range"), "bytes */10");
    const auto two = get("/files/digits.txt", "Range: bytes=0-0,8-9\r\n");
    EXPECT_TRUE(field(two, "Content-Type").starts_with("multipart/byteranges; boundary=")) << two;
    EXPECT_NE(two.find("Content-Range: bytes 0-0/10\r\n\r\n0\r\n--"), std::string::npos) << two;
    EXPECT_NE(two.find("Content-Range: bytes 8-9/10\r\n\r\n89\r\n--"), std::string::npos) << two;
    const auto body = two.substr(two.find("\r\n\r\n") + 4);
    EXPECT_EQ(field(two, "Content-Length"), std::to_string(body.size()));
}

TEST_F(StaticFilesTest, ACompressedSiblingGoesToThoseWhoTakeIt) {
    const auto plain = get("/files/app.js");
    EXPECT_TRUE(plain.ends_with("let plain = 1;"));
    EXPECT_EQ(field(plain, "Vary"), "Accept-Encoding");
    const auto compressed = get("/files/app.js", "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(field(compressed, "Content-Encoding"), "gzip");
    EXPECT_EQ(gunzip(compressed.substr(compressed.find("\r\n\r\n") + 4)), "let plain = 1;");
}

TEST_F(StaticFilesTest, ADirectoryIsItsIndex) {
    EXPECT_TRUE(get("/files/").ends_with("<h1>home</h1>"));
    EXPECT_TRUE(get("/files/sub/").ends_with("<h1>sub</h1>"));
    const auto redirect = get("/files/sub");
    EXPECT_TRUE(redirect.starts_with("HTTP/1.1 301 ")) << redirect;
    EXPECT_EQ(field(redirect, "Location"), "/files/sub/");
}

TEST_F(StaticFilesTest, NothingOutsideTheRootAndNothingHiddenExists) {
    for (const char* path :
         {"/files/.secret", "/files/link.txt", "/files/nope.txt", "/files/sub/%2e%2e/%2e%2e/outside.txt"}) {
        const auto answer = get(path);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 40")) << path << ": " << answer;
        EXPECT_EQ(answer.find("outside\r"), std::string::npos);
    }
}

}  // namespace

}  // namespace flotilla::http
