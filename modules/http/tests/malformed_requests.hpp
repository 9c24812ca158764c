#pragma once
/// Malformed requests and look-alikes that are valid, as data: for the parser's test at every byte boundary,
/// and for servers over real sockets.
///
/// Over a socket each malformed request is answered with `status` and the connection is closed, and nothing
/// after the fault is ever taken for a request. A row with `in_body` breaks in its chunked body: a handler
/// that reads the whole body before it answers must not see its end. A valid one gets 200 from a handler that
/// takes everything and reads the body, and the connection stays open unless `closes`.

#include <string>
#include <string_view>
#include <vector>

namespace flotilla::http::testing {

struct MalformedRequest {
    std::string_view name;
    std::string_view rule;  ///< of the gateway's security table
    int status;
    std::string bytes;
    bool in_body = false;
};

struct ValidRequest {
    std::string_view name;
    std::string bytes;
    std::string_view body = {};
    bool closes = false;
};

namespace detail {

using namespace std::string_literals;

/// A valid request but for the lines that are added.
inline std::string get_with(std::string lines) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + std::move(lines) + "\r\n";
}

inline std::string post_with(std::string lines, std::string body = "hello") {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + std::move(lines) + "\r\n" + std::move(body);
}

inline std::string chunked(std::string body) {
    return post_with("Transfer-Encoding: chunked\r\n", std::move(body));
}

inline std::string get(std::string target) {
    return "GET " + std::move(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

inline std::string repeated(std::size_t times, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

inline std::vector<MalformedRequest> malformed_framing() {
    return {
        {"length and encoding",
         "S1",
         400,
         post_with("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG")},
        {"encoding and length",
         "S1",
         400,
         post_with("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", "0\r\n\r\nG")},
        {"encoding and length zero",
         "S1",
         400,
         post_with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n")},
        {"two lengths", "S2", 400, post_with("Content-Length: 5\r\nContent-Length: 6\r\n")},
        {"two lengths, other case", "S2", 400, post_with("Content-Length: 5\r\ncontent-length: 0\r\n")},
        {"the same length twice", "S2", 400, post_with("Content-Length: 5\r\nContent-Length: 5\r\n")},
        {"length list", "S2", 400, post_with("Content-Length: 5, 5\r\n")},
        {"length with blank", "S2", 400, post_with("Content-Length: 5 5\r\n")},
        {"length with plus", "S2", 400, post_with("Content-Length: +5\r\n")},
        {"negative length", "S2", 400, post_with("Content-Length: -1\r\n")},
        {"hex length", "S2", 400, post_with("Content-Length: 0x5\r\n")},
        {"empty length", "S2", 400, post_with("Content-Length:\r\n")},
        {"blank length", "S2", 400, post_with("Content-Length:  \t \r\n")},
        {"length with 19 digits", "S2", 400, post_with("Content-Length: 1000000000000000000\r\n")},
        {"length with 19 digits, most zero", "S2", 400, post_with("Content-Length: 0000000000000000005\r\n")},
        {"length with fraction", "S2", 400, post_with("Content-Length: 5.0\r\n")},
        {"quoted length", "S2", 400, post_with("Content-Length: \"5\"\r\n")},
        {"full-width digit as length", "S2", 400, post_with("Content-Length: \xef\xbc\x95\r\n")},
        {"xchunked", "S3", 400, post_with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
        {"chunked, identity", "S3", 400, post_with("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")},
        {"gzip, chunked", "S3", 400, post_with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
        {"chunked, chunked", "S3", 400, post_with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
        {"quoted chunked", "S3", 400, post_with("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")},
        {"two encodings",
         "S3",
         400,
         post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
        {"two encodings, one identity",
         "S3",
         400,
         post_with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
        {"empty encoding", "S3", 400, post_with("Transfer-Encoding:\r\n")},
        {"identity", "S3", 400, post_with("Transfer-Encoding: identity\r\n")},
        {"chunked with parameter", "S3", 400, post_with("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")},
        {"chunked with comma", "S3", 400, post_with("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n")},
        {"chunked with vertical tab", "S6", 400, post_with("Transfer-Encoding: chunked\x0b\r\n", "0\r\n\r\n")
        },
        {"vertical tab before chunked",
         "S6",
         400,
         post_with(
             "Transfer-Encoding: \x0b"
             "chunked\r\n",
             "0\r\n\r\n"
         )},
        {"encoding in HTTP/1.0",
         "S3",
         400,
         "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    };
}

inline std::vector<MalformedRequest> malformed_lines() {
    return {
        {"blank before colon", "S4", 400, post_with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
        {"tab before colon", "S4", 400, get_with("X\t: 1\r\n")},
        {"blank in name", "S4", 400, get_with("X Y: 1\r\n")},
        {"empty name", "S4", 400, get_with(": 1\r\n")},
        {"non-token octet in name", "S4", 400, get_with("X(Y): 1\r\n")},
        {"slash in name", "S4", 400, get_with("X/Y: 1\r\n")},
        {"quote in name", "S4", 400, get_with("\"X\": 1\r\n")},
        {"octet over 127 in name", "S4", 400, get_with("X\xc3\xa4: 1\r\n")},
        {"NUL in name", "S4", 400, get_with("X\0Y: 1\r\n"s)},
        {"control octet in name", "S4", 400, get_with("X\x01: 1\r\n")},
        {"no colon", "S4", 400, get_with("NoColonHere\r\n")},
        {"no colon, but blanks", "S4", 400, get_with("GET /admin HTTP/1.1\r\n")},
        {"folded line", "S5", 400, get_with("X: 1\r\n 2\r\n")},
        {"folded with tab", "S5", 400, get_with("X: 1\r\n\t2\r\n")},
        {"folded encoding", "S3", 400, post_with("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
        {"folded before the first field", "S5", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
        {"blank line of blanks", "S5", 400, "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n"},
        {"bare CR in value", "S6", 400, get_with("X: a\rb\r\n")},
        {"CR CR LF", "S6", 400, get_with("X: a\r\r\n")},
        {"bare CR as field", "S6", 400, "GET / HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n\r\n"},
        {"bare LF after value", "S6", 400, "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"},
        {"bare LF ends the head", "S6", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
        {"LF only", "S6", 400, "GET / HTTP/1.1\nHost: a\n\n"},
        {"LF in name", "S6", 400, get_with("X\nY: 1\r\n")},
        {"LF before the request", "S6", 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"CR before the request", "S6", 400, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"NUL in value", "S6", 400, get_with("X: a\0b\r\n"s)},
        {"DEL in value", "S6", 400, get_with("X: a\x7f\r\n")},
        {"ESC in value", "S6", 400, get_with("X: \x1b[31m\r\n")},
        {"form feed before value",
         "S6",
         400,
         get_with("X:\x0c"
                  "a\r\n")},
        {"NUL in Host", "S6", 400, "GET / HTTP/1.1\r\nHost: a\0.b\r\n\r\n"s},
        {"underscore in a framing field is no framing", "S6", 400, get_with("Content_Length: 5\x01\r\n")},
    };
}

inline std::vector<MalformedRequest> malformed_request_lines() {
    return {
        {"two blanks after method", "S7", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"two blanks before version", "S7", 400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"leading blank", "S7", 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"trailing blank", "S7", 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
        {"tab after method", "S7", 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"tab before version", "S7", 400, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"},
        {"no version", "S7", 400, "GET /\r\nHost: a\r\n\r\n"},
        {"no version after blank", "S7", 400, "GET / \r\nHost: a\r\n\r\n"},
        {"method alone", "S7", 400, "GET\r\nHost: a\r\n\r\n"},
        {"no target", "S7", 400, "GET HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"lower-case version", "S7", 400, "GET / http/1.1\r\nHost: a\r\n\r\n"},
        {"two-digit minor version", "S7", 400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
        {"two-digit major version", "S7", 400, "GET / HTTP/11.1\r\nHost: a\r\n\r\n"},
        {"version without minor", "S7", 400, "GET / HTTP/1\r\nHost: a\r\n\r\n"},
        {"version with comma", "S7", 400, "GET / HTTP/1,1\r\nHost: a\r\n\r\n"},
        {"version of another protocol", "S7", 400, "GET / HTTPS/1.1\r\nHost: a\r\n\r\n"},
        {"HTTP/2.0", "S7", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
        {"HTTP/0.9", "S7", 505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
        {"HTTP/2 preface", "S7", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        {"control octet in method", "S7", 400, "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"TLS greeting", "S7", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
        {"control octet in target",
         "S7",
         400,
         get("/a\x01"
             "b")},
        {"NUL in target", "S7", 400, get("/a\0b"s)},
        {"blank in target", "S7", 400, get("/a b")},
        {"DEL in target", "S7", 400, get("/a\x7f")},
        {"relative target", "S7", 400, get("a/b")},
        {"unknown scheme", "S7", 400, get("ftp://a/")},
        {"five empty lines", "S7", 400, "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"CONNECT", "S9", 405, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"},
        {"authority form", "S9", 405, "GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"},
        {"asterisk with GET", "S9", 400, get("*")},
        {"asterisk and more", "S7", 400, "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n"},
    };
}

inline std::vector<MalformedRequest> malformed_hosts() {
    return {
        {"no Host", "S8", 400, "GET / HTTP/1.1\r\n\r\n"},
        {"no Host, but others", "S8", 400, "GET / HTTP/1.1\r\nX-Host: a\r\n\r\n"},
        {"two Hosts", "S8", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        {"the same Host twice", "S8", 400, "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"},
        {"Host list", "S8", 400, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"},
        {"Host with user", "S8", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
        {"Host with path", "S8", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        {"Host with blank", "S8", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {"empty Host", "S8", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {"Host with bad port", "S8", 400, "GET / HTTP/1.1\r\nHost: a:8o\r\n\r\n"},
        {"Host with huge port", "S8", 400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"},
        {"Host with two ports", "S8", 400, "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n"},
        {"Host with a port and an empty one", "S8", 400, "GET / HTTP/1.1\r\nHost: a:80:\r\n\r\n"},
        {"Host with two empty ports", "S8", 400, "GET / HTTP/1.1\r\nHost: a::\r\n\r\n"},
        {"empty Host with empty port", "S8", 400, "GET / HTTP/1.1\r\nHost: :\r\n\r\n"},
        {"port alone", "S8", 400, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
        {"Host with open bracket", "S8", 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
        {"Host with bad address", "S8", 400, "GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n"},
        {"Host with backslash", "S8", 400, "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n"},
        {"Host with octet over 127", "S8", 400, "GET / HTTP/1.1\r\nHost: \xc3\xa4.de\r\n\r\n"},
        {"absolute target for another host", "S8", 400, get("http://b/")},
        {"absolute target for another port", "S8", 400, get("http://a:81/")},
        {"absolute target with user", "S8", 400, get("http://u@a/")},
        {"absolute target without host", "S8", 400, get("http:///x")},
        {"two Hosts in HTTP/1.0", "S8", 400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
        {"expectation of a miracle", "S17", 417, post_with("Content-Length: 5\r\nExpect: a-miracle\r\n")},
        {"two expectations", "S17", 417, post_with("Content-Length: 5\r\nExpect: 100-continue, x\r\n")},
    };
}

inline std::vector<MalformedRequest> malformed_chunks() {
    return {
        {"chunk size with 0x", "S10", 400, chunked("0x1\r\na\r\n0\r\n\r\n"), true},
        {"chunk size with plus", "S10", 400, chunked("+1\r\na\r\n0\r\n\r\n"), true},
        {"negative chunk size", "S10", 400, chunked("-1\r\na\r\n0\r\n\r\n"), true},
        {"chunk size with underscore", "S10", 400, chunked("1_0\r\n0123456789abcdef\r\n0\r\n\r\n"), true},
        {"chunk size after blank", "S10", 400, chunked(" 1\r\na\r\n0\r\n\r\n"), true},
        {"chunk size before blank", "S10", 400, chunked("1 \r\na\r\n0\r\n\r\n"), true},
        {"empty chunk size", "S10", 400, chunked("\r\na\r\n0\r\n\r\n"), true},
        {"extension without size", "S10", 400, chunked(";a=b\r\na\r\n0\r\n\r\n"), true},
        {"chunk size with tail", "S10", 400, chunked("1these\r\na\r\n0\r\n\r\n"), true},
        {"chunk size of 17 digits", "S10", 400, chunked("00000000000000001\r\na\r\n0\r\n\r\n"), true},
        {"chunk size that overflows", "S10", 400, chunked("10000000000000001\r\na\r\n0\r\n\r\n"), true},
        {"LF after chunk size", "S10", 400, chunked("1\na\r\n0\r\n\r\n"), true},
        {"CR after chunk size", "S10", 400, chunked("1\ra\r\n0\r\n\r\n"), true},
        {"LF in extension", "S10", 400, chunked("1;a\nb\r\na\r\n0\r\n\r\n"), true},
        {"CR in extension", "S10", 400, chunked("1;a\rb\r\na\r\n0\r\n\r\n"), true},
        {"NUL in extension", "S10", 400, chunked("1;a\0b\r\na\r\n0\r\n\r\n"s), true},
        {"data longer than its chunk", "S10", 400, chunked("1\r\nab\r\n0\r\n\r\n"), true},
        {"LF after data", "S10", 400, chunked("1\r\na\n0\r\n\r\n"), true},
        {"nothing after data", "S10", 400, chunked("1\r\na0\r\n\r\n"), true},
        {"LF ends the body", "S6", 400, chunked("0\r\n\n"), true},
        {"extensions over 4 KiB",
         "S10",
         400,
         chunked("1;" + std::string(4100, 'x') + "\r\na\r\n0\r\n\r\n"),
         true},
        {"many short extensions", "S10", 400, chunked(repeated(700, "1;abcdef\r\na\r\n") + "0\r\n\r\n"), true
        },
        {"trailer Content-Length", "S11", 400, chunked("0\r\nContent-Length: 5\r\n\r\n"), true},
        {"trailer Transfer-Encoding", "S11", 400, chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), true},
        {"trailer Host", "S11", 400, chunked("0\r\nHost: b\r\n\r\n"), true},
        {"trailer Authorization", "S11", 400, chunked("0\r\nAuthorization: Bearer x\r\n\r\n"), true},
        {"trailer Cookie", "S11", 400, chunked("0\r\nCookie: a=b\r\n\r\n"), true},
        {"trailer with blank before colon", "S4", 400, chunked("0\r\nX : 1\r\n\r\n"), true},
        {"folded trailer", "S5", 400, chunked("0\r\nX: 1\r\n 2\r\n\r\n"), true},
        {"trailers over 8 KiB", "S13", 431, chunked("0\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"), true},
    };
}

inline std::vector<MalformedRequest> malformed_paths() {
    return {
        {"encoded NUL", "S12", 400, get("/a%00b")},
        {"encoded line end", "S12", 400, get("/a%0d%0ab")},
        {"encoded DEL", "S12", 400, get("/a%7fb")},
        {"lone percent", "S12", 400, get("/a%")},
        {"percent and one digit", "S12", 400, get("/a%2")},
        {"percent before slash", "S12", 400, get("/a%2/b")},
        {"percent and no hex", "S12", 400, get("/a%zz")},
        {"backslash", "S12", 400, get("/a\\b")},
        {"octet over 127", "S12", 400, get("/\xc3\xa4")},
        {"climbs", "S12", 400, get("/..")},
        {"climbs deeper", "S12", 400, get("/a/../../b")},
        {"climbs past empty segments", "S12", 400, get("/a//../../b")},
        {"climbs through itself", "S12", 400, get("/./../b")},
        {"climbs in absolute form", "S12", 400, get("http://a/../b")},
        {"encoded dots", "S12", 400, get("/user-service/%2e%2e/actuator/env")},
        {"encoded dots in upper case", "S12", 400, get("/a/%2E%2E/b")},
        {"half-encoded dots", "S12", 400, get("/a/.%2e/b")},
        {"one encoded dot", "S12", 400, get("/a/%2e/b")},
        {"encoded slash", "S12", 400, get("/a%2fb")},
        {"encoded slashes that climb", "S12", 400, get("/a/..%2f..%2fb")},
        {"encoded backslash", "S12", 400, get("/a%5cb")},
        {"dots with parameters", "S12", 400, get("/a/..;x=1/b")},
        {"fragment", "S12", 400, get("/a#b")},
        {"fragment after query", "S12", 400, get("/a?b#c")},
        {"fragment after authority", "S12", 400, get("http://a#b")},
    };
}

inline std::vector<MalformedRequest> malformed_sizes() {
    return {
        {"request line of 9 KiB", "S13", 414, get("/" + std::string(9 * 1024, 'a'))},
        {"request line of 8 KiB and one", "S13", 414, get("/" + std::string(8 * 1024 - 13, 'a'))},
        {"method of 9 KiB", "S13", 414, std::string(9 * 1024, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"header of 40 KiB", "S13", 431, get_with("X: " + std::string(40 * 1024, 'x') + "\r\n")},
        {"header of 40 KiB of blanks", "S13", 431, get_with("X: " + std::string(40 * 1024, ' ') + "x\r\n")},
        {"field name of 40 KiB", "S13", 431, get_with(std::string(40 * 1024, 'x') + ": 1\r\n")},
        {"101 fields", "S13", 431, get_with(repeated(100, "X: 1\r\n"))},
        {"101 fields, most with underscore", "S13", 431, get_with(repeated(100, "X_Y: 1\r\n"))},
    };
}

}  // namespace detail

inline std::vector<MalformedRequest> malformed_requests() {
    std::vector<MalformedRequest> all;
    for (auto* rows :
         {detail::malformed_framing,
          detail::malformed_lines,
          detail::malformed_request_lines,
          detail::malformed_hosts,
          detail::malformed_chunks,
          detail::malformed_paths,
          detail::malformed_sizes}) {
        for (MalformedRequest& row : rows()) all.push_back(std::move(row));
    }
    return all;
}

/// What resembles a row above and must pass.
inline std::vector<ValidRequest> valid_requests() {
    using namespace detail;
    return {
        {"plain", get("/")},
        {"four empty lines before", "\r\n\r\n\r\n\r\n" + get("/")},
        {"length of 18 digits", post_with("Content-Length: 000000000000000005\r\n"), "hello"},
        {"length zero", post_with("Content-Length: 0\r\n", "")},
        {"length between blanks", post_with("Content-Length: \t 5 \t\r\n"), "hello"},
        {"length without blank", post_with("Content-Length:5\r\n"), "hello"},
        {"chunked in another case",
         post_with("Transfer-Encoding: cHuNkEd\r\n", "5\r\nhello\r\n0\r\n\r\n"),
         "hello"},
        {"chunked between blanks",
         post_with("Transfer-Encoding:\tchunked \r\n", "5\r\nhello\r\n0\r\n\r\n"),
         "hello"},
        {"chunks", chunked("1\r\nh\r\n04\r\nello\r\n000\r\n\r\n"), "hello"},
        {"chunk size of 16 digits", chunked("0000000000000005\r\nhello\r\n0\r\n\r\n"), "hello"},
        {"chunk extensions", chunked("5;a=b;c=\"d;e\" ;f\r\nhello\r\n0;last\r\n\r\n"), "hello"},
        {"hex chunk size",
         chunked("A\r\n0123456789\r\nb\r\nabcdefghijk\r\n0\r\n\r\n"),
         "0123456789abcdefghijk"},
        {"trailers", chunked("5\r\nhello\r\n0\r\nX-Checksum: 1\r\nX-Other:\r\n\r\n"), "hello"},
        {"data that looks like chunks", chunked("7\r\n0\r\n\r\n12\r\n0\r\n\r\n"), "0\r\n\r\n12"},
        {"empty value", get_with("X:\r\n")},
        {"value with colons and quotes", get_with("X: \"a:b\", c;d=(e)\r\n")},
        {"value with octets over 127", get_with("X: \xc3\xa4\xff\r\n")},
        {"value with tab", get_with("X: a\tb\r\n")},
        {"every token character in a name", get_with("!#$%&'*+-.^`|~09azAZ: 1\r\n")},
        {"name with underscore", get_with("Content_Length: 7\r\n")},
        {"Host with port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n"},
        {"Host with underscore", "GET / HTTP/1.1\r\nHost: order_service\r\n\r\n"},
        {"Host with IPv6 address", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"},
        {"Host at the end", "GET / HTTP/1.1\r\nX: 1\r\nhOsT:a\r\n\r\n"},
        {"absolute target", get("http://A/x?y")},
        {"absolute target without path", get("HTTP://a")},
        {"absolute target with query only", get("http://a?x")},
        {"asterisk with OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "", true},
        {"HTTP/1.0 that stays", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"},
        {"HTTP/1.1 that closes", get_with("Connection: foo, Close\r\n"), "", true},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
        {"expects 100-continue", post_with("Content-Length: 5\r\nExpect: 100-Continue\r\n"), "hello"},
        {"escapes", get("/a%20b%C3%A4%3b%25")},
        {"dots in names", get("/a..b/...a/.well-known/a.%2e")},
        {"dot segments that stay inside", get("/a/b/../c/./d/..")},
        {"empty segments", get("//a//b/")},
        {"matrix parameters", get("/a;x=1/b;y=..")},
        {"odd characters in path", get("/a|b\"<>^`{}[]@:,!$&'()*+=~")},
        {"odd characters in query", get("/a?%zz&\\..%00/../%2f?[]{}|\xc3\xa4")},
        {"empty query", get("/a?")},
        {"request line of 8 KiB", get("/" + std::string(8 * 1024 - 14, 'a'))},
        {"header of 32 KiB", get_with("X: " + std::string(32 * 1024 - 16, 'x') + "\r\n")},
        {"100 fields", get_with(repeated(99, "X: 1\r\n"))},
    };
}

}  // namespace flotilla::http::testing
