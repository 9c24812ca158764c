"""What is asked of both gateways, byte by byte, and what the upstream answers.

`{host}` is the gateway's own address. A case is one connection and, whatever it looks like, one request.
"""

import dataclasses

HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


@dataclasses.dataclass
class Case:
    name: str
    request: str
    answer: bytes = HELLO
    then: bytes = None  # the answer to further requests, if it is another
    delay: float = 0


def http(method, target, *lines, body=None, version="HTTP/1.1", host="Host: {host}"):
    """A request with Host and, for a body, its length."""
    lines = [host, *lines] if host else list(lines)
    if body is not None:
        lines.append(f"Content-Length: {len(body.encode('latin-1'))}")
    return "\r\n".join([f"{method} {target} {version}", *lines, "", body or ""])


def get(target, *lines, **options):
    return http("GET", target, *lines, **options)


def answer(status, *lines, body="hello"):
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}"])
    return f"{head}\r\n\r\n{body}".encode("latin-1")


def raw_answer(text):
    return text.replace("\n", "\r\n").encode("latin-1")


JSON = answer(
    "200 OK",
    "Content-Type: application/json;charset=UTF-8",
    body='{ "id": 7, "inner": [{"secret": 2, "x": [1.5, null, true]}], "secret": "s" }',
)

TARGETS = {
    "plain": "/raw/a/b",
    "prefix alone": "/raw",
    "trailing slash": "/raw/a/",
    "double slash": "/raw//a//b/",
    "leading double slash": "//raw/a",
    "dot segments": "/raw/./a/../b",
    "above the root": "/raw/../../etc/passwd",
    "encoded dots": "/raw/%2e%2e/%2e/b",
    "encoded slash": "/raw/a%2Fb",
    "encoded slash small": "/raw/a%2fb",
    "encoded backslash": "/raw/a%5Cb",
    "encoded percent": "/raw/a%25b",
    "encoded space": "/raw/a%20b+c",
    "encoded nul": "/raw/a%00b",
    "encoded line end": "/raw/a%0d%0ab",
    "encoded letter": "/raw/%61",
    "encoded utf-8": "/raw/%EC%A3%BC%EB%AC%B8",
    "encoded latin-1": "/raw/%E9",
    "escape cut short": "/raw/a%2",
    "escape without digits": "/raw/a%zz",
    "raw utf-8": "/raw/\xec\xa3\xbc",
    "raw quote": '/raw/a"b',
    "raw angle": "/raw/a<b>",
    "raw brackets": "/raw/a[b]",
    "raw braces": "/raw/a{b}",
    "raw backslash": "/raw/a\\b",
    "raw caret": "/raw/a^b",
    "raw pipe": "/raw/a|b",
    "reserved": "/raw/a:b@c!$&'()*,;=~_-.",
    "matrix": "/raw/a;m=1;n/b",
    "fragment": "/raw/a#part",
    "query": "/raw/a?x=1&y=2",
    "query empty": "/raw/a?",
    "query empty parts": "/raw/a?&x=1&&y=2&",
    "query without value": "/raw/a?x&y=",
    "query without name": "/raw/a?=v",
    "query repeated": "/raw/a?x=2&x=1&x=2",
    "query plus": "/raw/a?x=a+b%20c%2B",
    "query encoded": "/raw/a?x=%26%3D%25%EC%A3%BC",
    "query encoded letter": "/raw/a?%78=%31",
    "query with question mark": "/raw/a?x=?&y=/",
    "query bad escape": "/raw/a?x=%zz",
    "query raw brackets": "/raw/a?x[]=1",
    "query raw utf-8": "/raw/a?x=\xec\xa3\xbc",
    "query raw quote": '/raw/a?x="1"',
    "absolute form": "http://{host}/raw/a?x=1",
    "absolute form of another host": "http://elsewhere.example.org/raw/a",
    "no slash": "raw/a",
    "upper case": "/RAW/a",
}

FILTERED = {
    "strip 1": "/strip1/a/b?x=1",
    "strip 1, nothing left": "/strip1",
    "strip 1, slash left": "/strip1/",
    "strip 1, double slash": "/strip1//a//b/",
    "strip 1, escape": "/strip1/a%20b/%EC%A3%BC",
    "strip 2": "/strip2/a/b/c/",
    "strip 2, too short": "/strip2/a",
    "rewrite": "/rewrite/users/1?x=2",
    "rewrite to the root": "/rewrite/",
    "rewrite does not match": "/rewrite",
    "rewrite escape": "/rewrite/a%20b/%EC%A3%BC?y=%20",
    "rewrite double slash": "/rewrite//a",
    "rewrite swap": "/swap/one/two",
    "rewrite swap more": "/swap/one/two/three",
    "rewrite to no path": "/rewrite-bad/x",
    "prefix": "/prefix/a?x=1",
    "set path": "/set-path/one/two?x=1",
    "set path escape": "/set-path/a%20b/%EC%A3%BC",
    "two cuts": "/two-cuts/a/b/c",
    "balanced": "/balanced/a/b",
    "nobody registered": "/unbalanced/a",
    "parameter": "/parameter/a?x=1&gone=2&y=3",
    "parameter repeated": "/parameter/a?gone=1&x=1&gone=2",
    "parameter alone": "/parameter/a?gone=1",
    "parameter beside escapes": "/parameter/a?x=a+b&y=%26&gone=1&z=%EC%A3%BC",
    "parameter absent": "/parameter/a?x=a+b",
    "redirect": "/redirect/a?x=1",
    "redirect with query": "/redirect-query/a?x=1&y=%20",
    "status number": "/status-number/a",
    "status name": "/status-name/a",
    "no route": "/nowhere",
    "segment": "/segment/one",
    "segment with slash": "/segment/one/",
    "segment too long": "/segment/one/two",
    "segment escape": "/segment/a%20b",
    "segment line end": "/segment/a%0d%0aX-Injected:%20yes",
    "segment of hangul": "/segment/%EC%A3%BC",
    "segment braces": "/segment/%7Bx%7D",
    "patterns": "/pattern/ax/b/12/c/d",
    "patterns without rest": "/pattern/ax/b/12",
    "patterns no digits": "/pattern/ax/b/c/d",
    "order": "/order/a",
    "time": "/time/a",
    "remote": "/remote/a",
    "query predicate": "/query/a?q=v1",
    "query predicate encoded": "/query/a?%71=%76%31",
    "query predicate second value": "/query/a?q=no&q=v1",
    "query predicate wrong": "/query/a?q=v12",
    "query there": "/query-there/a?q",
    "query not there": "/query-there/a?Q=1",
}

HOP_BY_HOP = [
    "Connection: keep-alive, X-Hop",
    "X-Hop: 1",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic eDp5",
    "TE: trailers, deflate",
    "Trailer: X-Sum",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
]

REQUESTS = [
    # headers
    Case("header spelling", get("/raw/a", "x-LOWER-upper: 1", "ACCEPT: */*", "user-agent: Peer")),
    Case("header repeated", get("/raw/a", "X-Many: 1", "X-Many: 2", "Accept: text/a", "Accept: text/b")),
    Case("header repeated in two spellings", get("/raw/a", "X-Many: 1", "x-many: 2")),
    Case("header empty", get("/raw/a", "X-Empty:", "X-Blank:   ")),
    Case("header with blanks around", get("/raw/a", "X-Blanks:   a  b  ", "X-Tab:\ta")),
    Case("header latin-1", get("/raw/a", "X-Word: caf\xe9")),
    Case("header utf-8", get("/raw/a", "X-Word: \xec\xa3\xbc")),
    Case("header with underscore", get("/raw/a", "X_Under: 1")),
    Case("header without name", get("/raw/a", ": 1")),
    Case("header without colon", get("/raw/a", "X-Nothing")),
    Case("header blank before colon", get("/raw/a", "X-Blank : 1")),
    Case("header folded", get("/raw/a", "X-Folded: a\r\n b")),
    Case("header with nul", get("/raw/a", "X-Nul: a\0b")),
    Case("header with bare cr", get("/raw/a", "X-Cr: a\rb")),
    Case("header name of odd letters", get("/raw/a", "X(odd): 1")),
    Case("header of 7 KiB", get("/raw/a", "X-Long: " + "v" * 7000)),
    Case("header of 9 KiB", get("/raw/a", "X-Long: " + "v" * 9000)),
    Case("header of 40 KiB", get("/raw/a", "X-Long: " + "v" * 40000)),
    Case("headers, 90", get("/raw/a", *(f"X-{n}: {n}" for n in range(90)))),
    Case("request line of 5 KiB", get("/raw/" + "a" * 5000)),
    Case("request line of 9 KiB", get("/raw/" + "a" * 9000)),
    Case("hop by hop", get("/raw/a", *HOP_BY_HOP)),
    Case("connection names authorization", get("/raw/a", "Connection: Authorization", "Authorization: Bearer x")),
    Case("connection close", get("/raw/a", "Connection: close")),
    Case("authorization", get("/raw/a", "Authorization: Bearer x")),
    Case("user id of a stranger", get("/raw/a", "X-User-Id: admin")),
    Case("agent and accept", get("/raw/a", "User-Agent: Peer/1", "Accept: text/plain", "Accept-Encoding: gzip, br")),
    Case("cookies", get("/raw/a", "Cookie: a=1; b=2")),
    Case("cookies in two lines", get("/raw/a", "Cookie: a=1", "Cookie: b=2")),
    Case("conditional", get("/raw/a", 'If-None-Match: "1"', "If-Modified-Since: Sat, 01 Jan 2022 00:00:00 GMT")),
    Case("range", get("/raw/a", "Range: bytes=0-1")),
    Case("trace", get("/raw/a", "b3: 5e8eeec48b08e268-dcc1df555b5777b3-1")),
    # Host
    Case("host without port", get("/raw/a", host="Host: gateway.example.org")),
    Case("host with port", get("/raw/a", host="Host: gateway.example.org:8080")),
    Case("host in capitals", get("/raw/a", host="HOST: Gateway.Example.ORG")),
    Case("host of version 6", get("/raw/a", host="Host: [::1]:8080")),
    Case("host missing", get("/raw/a", host=None)),
    Case("host empty", get("/raw/a", host="Host:")),
    Case("host twice", get("/raw/a", "Host: other.example.org")),
    Case("host with a comma", get("/raw/a", host="Host: a.example.org,b.example.org")),
    Case("host with a user", get("/raw/a", host="Host: me@a.example.org")),
    Case("host with a bad port", get("/raw/a", host="Host: a.example.org:port")),
    Case("host predicate", get("/x", host="Host: beta.peer.example.org")),
    Case("host predicate with port", get("/x", host="Host: beta.peer.example.org:8000")),
    Case("host predicate in capitals", get("/x", host="Host: Beta.Peer.example.org")),
    Case("host predicate two labels", get("/x", host="Host: a.b.peer.example.org")),
    # forwarded
    Case("forwarded for", get("/raw/a", "X-Forwarded-For: 9.9.9.9")),
    Case("forwarded for, two", get("/raw/a", "X-Forwarded-For: 9.9.9.9, 8.8.8.8")),
    Case("forwarded for, two lines", get("/raw/a", "X-Forwarded-For: 9.9.9.9", "X-Forwarded-For: 8.8.8.8")),
    Case("forwarded for version 6", get("/raw/a", "X-Forwarded-For: 2001:db8::1")),
    Case("forwarded all", get("/raw/a", "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: edge.example.org", "X-Forwarded-Port: 443")),  # fmt: skip
    Case("forwarded", get("/raw/a", "Forwarded: for=9.9.9.9;proto=https;host=edge.example.org")),
    Case("forwarded with by", get("/raw/a", 'Forwarded: by=_edge;for="[2001:db8::1]:1234"')),
    Case("forwarded malformed", get("/raw/a", "Forwarded: nonsense")),
    Case("forwarded prefix", get("/strip1/a", "X-Forwarded-Prefix: /outer")),
    # methods and bodies
    Case("head", http("HEAD", "/raw/a"), answer("200 OK", "Content-Type: text/plain", "ETag: \"1\"", body="").replace(b"Length: 0", b"Length: 5")),  # fmt: skip
    Case("options", http("OPTIONS", "/raw/a")),
    Case("options asterisk", http("OPTIONS", "*")),
    Case("delete", http("DELETE", "/raw/a")),
    Case("delete with body", http("DELETE", "/raw/a", body="gone")),
    Case("patch", http("PATCH", "/raw/a", "Content-Type: application/json", body='{"a":1}')),
    Case("put without body", http("PUT", "/raw/a")),
    Case("put of length 0", http("PUT", "/raw/a", body="")),
    Case("post", http("POST", "/raw/a", "Content-Type: application/x-www-form-urlencoded", body="a=1&b=%20")),
    Case("post form and query", http("POST", "/raw/a?a=2", "Content-Type: application/x-www-form-urlencoded", body="a=1")),
    Case("get with body", get("/raw/a", body="body")),
    Case("post chunked", http("POST", "/raw/a", "Transfer-Encoding: chunked") + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"),
    Case("post chunked in capitals", http("POST", "/raw/a", "Transfer-Encoding: CHUNKED") + "A\r\n0123456789\r\n0\r\n\r\n"),
    Case("post chunked with trailer", http("POST", "/raw/a", "Transfer-Encoding: chunked", "Trailer: X-Sum") + "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"),  # fmt: skip
    Case("post of 100 KB", http("POST", "/raw/a", body="x" * 100_000)),
    Case("expect continue", http("POST", "/raw/a", "Expect: 100-continue", body="body")),
    Case("expect something else", http("POST", "/raw/a", "Expect: wonders", body="body")),
    Case("trace method", http("TRACE", "/raw/a")),
    Case("unknown method", http("BREW", "/raw/a")),
    Case("small method", http("get", "/raw/a")),
    Case("connect", http("CONNECT", "upstream.example.org:443")),
    Case("method predicate", http("DELETE", "/method/a")),
    Case("method predicate wrong", http("GET", "/method/a")),
    Case("old version", get("/raw/a", version="HTTP/1.0")),
    Case("older version", get("/raw/a", version="HTTP/0.9")),
    Case("version 2.0", get("/raw/a", version="HTTP/2.0")),
    Case("version 1.2", get("/raw/a", version="HTTP/1.2")),
    Case("version in small letters", get("/raw/a", version="http/1.1")),
    Case("two blanks in the request line", get("/raw/a").replace("GET ", "GET  ", 1)),
    Case("blank in the target", get("/raw/a b")),
    Case("line feeds alone", get("/raw/a").replace("\r\n", "\n")),
    Case("empty line first", "\r\n" + get("/raw/a")),
    # smuggling
    Case("length and chunked", http("POST", "/raw/a", "Content-Length: 6", "Transfer-Encoding: chunked") + "0\r\n\r\nG"),
    Case("length twice, same", http("POST", "/raw/a", "Content-Length: 2", "Content-Length: 2") + "ok"),
    Case("length twice, other", http("POST", "/raw/a", "Content-Length: 2", "Content-Length: 3") + "okk"),
    Case("length list", http("POST", "/raw/a", "Content-Length: 2, 2") + "ok"),
    Case("length with a sign", http("POST", "/raw/a", "Content-Length: +2") + "ok"),
    Case("length negative", http("POST", "/raw/a", "Content-Length: -1")),
    Case("length hexadecimal", http("POST", "/raw/a", "Content-Length: 0x2") + "ok"),
    Case("length empty", http("POST", "/raw/a", "Content-Length:")),
    Case("coding unknown", http("POST", "/raw/a", "Transfer-Encoding: xchunked") + "0\r\n\r\n"),
    Case("coding gzip and chunked", http("POST", "/raw/a", "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n"),
    Case("coding identity", http("POST", "/raw/a", "Transfer-Encoding: identity")),
    Case("coding twice", http("POST", "/raw/a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n"),
    Case("coding in version 1.0", http("POST", "/raw/a", "Transfer-Encoding: chunked", version="HTTP/1.0") + "2\r\nok\r\n0\r\n\r\n"),
    Case("chunk size with prefix", http("POST", "/raw/a", "Transfer-Encoding: chunked") + "0x2\r\nok\r\n0\r\n\r\n"),
    Case("chunk size with tail", http("POST", "/raw/a", "Transfer-Encoding: chunked") + "2these\r\nok\r\n0\r\n\r\n"),
    Case("chunk size too long", http("POST", "/raw/a", "Transfer-Encoding: chunked") + "00000000000000002\r\nok\r\n0\r\n\r\n"),
    Case("chunk without line end", http("POST", "/raw/a", "Transfer-Encoding: chunked") + "2\r\nokk\r\n0\r\n\r\n"),
    Case("trailer that frames", http("POST", "/raw/a", "Transfer-Encoding: chunked") + "2\r\nok\r\n0\r\nContent-Length: 5\r\n\r\n"),
    # filters of requests
    Case("request headers", get("/request-headers/a", "X-Many: own", "X-Set: mine", "X-Gone: 1", "Cookie: a=1")),
    Case("request headers, none there", get("/request-headers/a")),
    Case("size in limit", http("POST", "/request-size/a", body="x" * 1024)),
    Case("size over limit", http("POST", "/request-size/a", body="x" * 1025)),
    Case("size over limit, chunked", http("POST", "/request-size/a", "Transfer-Encoding: chunked") + "800\r\n" + "x" * 2048 + "\r\n0\r\n\r\n"),  # fmt: skip
    Case("header predicate", get("/header/a", "X-Id: 12")),
    Case("header predicate second line", get("/header/a", "X-Id: no", "X-Id: 12")),
    Case("header predicate wrong", get("/header/a", "X-Id: 12a")),
    Case("cookie predicate", get("/cookie/a", "Cookie: a=1; chip=chop")),
    Case("cookie predicate quoted", get("/cookie/a", 'Cookie: chip="chop"')),
    Case("cookie predicate wrong", get("/cookie/a", "Cookie: Chip=chop")),
    # answers
    Case("answer empty", get("/raw/a"), answer("200 OK", body="")),
    Case("answer 204", get("/raw/a"), raw_answer("HTTP/1.1 204 No Content\nX-A: 1\n\n")),
    Case("answer 304", get("/raw/a"), raw_answer('HTTP/1.1 304 Not Modified\nETag: "1"\n\n')),
    Case("answer 404", get("/raw/a"), answer("404 Not Found", "Content-Type: text/plain")),
    Case("answer 500", get("/raw/a"), answer("500 Internal Server Error")),
    Case("answer 299", get("/raw/a"), answer("299 Fine")),
    Case("answer 599", get("/raw/a"), answer("599 Odd")),
    Case("answer with own reason", get("/raw/a"), answer("200 Splendid")),
    Case("answer without reason", get("/raw/a"), answer("200 ")),
    Case("answer redirect", get("/raw/a"), answer("302 Found", "Location: /elsewhere")),
    Case("answer chunked", get("/raw/a"), raw_answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n")),
    Case("answer chunked with trailer", get("/raw/a"), raw_answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: X-Sum\n\n5\nhello\n0\nX-Sum: 1\n\n")),  # fmt: skip
    Case("answer until the end", get("/raw/a"), raw_answer("HTTP/1.1 200 OK\nConnection: close\n\nhello")),
    Case("answer to an old client", get("/raw/a", version="HTTP/1.0"), raw_answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n")),  # fmt: skip
    Case("answer hop by hop", get("/raw/a"), answer("200 OK", "Connection: X-Hop, keep-alive", "X-Hop: 1", "Keep-Alive: timeout=5", "Proxy-Authenticate: Basic", "Upgrade: h2c", "X-Application-Context: a")),  # fmt: skip
    Case("answer cookies", get("/raw/a"), answer("200 OK", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2")),
    Case("answer server and date", get("/raw/a"), answer("200 OK", "Server: upstream", "Date: Sat, 01 Jan 2022 00:00:00 GMT")),
    Case("answer compressed", get("/raw/a", "Accept-Encoding: gzip"), answer("200 OK", "Content-Encoding: gzip", body="\x1f\x8b123")),
    Case("answer header utf-8", get("/raw/a"), answer("200 OK", "X-Word: \xec\xa3\xbc")),
    Case("answer header repeated", get("/raw/a"), answer("200 OK", "X-Many: 1", "X-Many: 2")),
    Case("answer unauthorized", get("/raw/a"), answer("401 Unauthorized", "WWW-Authenticate: Basic realm=x")),
    Case("answer hints first", get("/raw/a"), raw_answer("HTTP/1.1 103 Early Hints\nLink: </a>\n\n") + HELLO),
    Case("answer 100 first", http("POST", "/raw/a", body="body"), raw_answer("HTTP/1.1 100 Continue\n\n") + HELLO),
    Case("answer headers", get("/answer-headers/a"), answer("200 OK", "X-Many: 0", "X-Set: theirs", "X-Gone: 1")),
    Case("answer deduplicated, first", get("/dedupe-first/a"), answer("200 OK", "X-Many: a", "X-Many: b", "X-Many: a", "X-Other: 1", "X-Other: 2")),  # fmt: skip
    Case("answer deduplicated, last", get("/dedupe-last/a"), answer("200 OK", "X-Many: a", "X-Many: b", "X-Many: c")),
    Case("answer deduplicated, unique", get("/dedupe-unique/a"), answer("200 OK", "X-Many: a", "X-Many: b", "X-Many: a")),
    Case("answer secured", get("/secure/a")),
    Case("answer secured, own header stays", get("/secure/a"), answer("200 OK", "X-Frame-Options: SAMEORIGIN")),
    Case("json attributes", get("/json/a", "Accept-Encoding: gzip"), JSON),
    Case("json attributes of an inner object", get("/json-deep/a"), JSON),
    Case("json attributes, other type", get("/json/a"), answer("200 OK", "Content-Type: text/json", body='{ "secret": 1 }')),
    Case("json attributes, problem", get("/json/a"), answer("404 Not Found", "Content-Type: application/problem+json", body='{ "secret": 1 }')),  # fmt: skip
    Case("json attributes, empty", get("/json/a"), answer("200 OK", "Content-Type: application/json", body="")),
    Case("json attributes, none", get("/json/a"), answer("200 OK", "Content-Type: application/json", body='{"secret":')),
    # answers that are none
    Case("garbage", get("/raw/a"), b"what?\r\n\r\n"),
    Case("closed without an answer", get("/raw/a"), b""),
    Case("answer with length and chunked", get("/raw/a"), raw_answer("HTTP/1.1 200 OK\nContent-Length: 5\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n")),  # fmt: skip
    Case("answer with two lengths", get("/raw/a"), raw_answer("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 6\n\nhello!")),
    Case("answer with nul in a header", get("/raw/a"), answer("200 OK", "X-Nul: a\0b")),
    Case("answer with a long head", get("/raw/a"), answer("200 OK", "X-Long: " + "v" * 9000)),
    Case("refused", get("/refused/a")),
    Case("too slow", get("/slow/a"), delay=1.0),
    Case("slow within the limit", get("/slow/a"), delay=0.02),
    # resilience
    Case("retry", get("/retry/a"), answer("500 Internal Server Error")),
    Case("retry that succeeds", get("/retry/a"), answer("503 Service Unavailable"), then=HELLO),
    Case("retry of a post", http("POST", "/retry/a", body="x"), answer("500 Internal Server Error")),
    Case("retry of 404", get("/retry/a"), answer("404 Not Found")),
    Case("retry of 599", get("/retry/a"), answer("599 Odd")),
    Case("retry of a post that may", http("POST", "/retry-post/a", body="x"), answer("502 Bad Gateway")),
    Case("retry when closed", get("/retry/a"), b""),
    Case("breaker", get("/breaker/a?x=1")),
    Case("breaker falls back", get("/breaker/a?x=1"), answer("500 Internal Server Error", "X-A: 1"), then=HELLO),
    # CORS
    Case("preflight", http("OPTIONS", "/cors/a", "Origin: https://app.example.org", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: X-Token")),  # fmt: skip
    Case("preflight of a stranger", http("OPTIONS", "/cors/a", "Origin: https://evil.example.org", "Access-Control-Request-Method: GET")),  # fmt: skip
    Case("preflight of another method", http("OPTIONS", "/cors/a", "Origin: https://app.example.org", "Access-Control-Request-Method: PUT")),  # fmt: skip
    Case("origin allowed", get("/cors/a", "Origin: https://app.example.org")),
    Case("origin refused", get("/cors/a", "Origin: https://evil.example.org")),
    Case("origin none", get("/cors/a")),
    Case("origin where nothing is configured", get("/raw/a", "Origin: https://evil.example.org")),
]

CASES = [
    *(Case("path " + name, get(target)) for name, target in TARGETS.items()),
    *(Case("filter " + name, get(target)) for name, target in FILTERED.items()),
    *REQUESTS,
]
