"""A collector of spans: what Zipkin's API takes, kept in memory."""

import gzip
import http.server
import json
import threading

from support.programs import wait_until


class Collector:
    def __init__(self):
        self.spans = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.spans += json.loads(body)
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def of(self, trace):
        return [span for span in list(self.spans) if span["traceId"].endswith(trace)]

    def tree(self, trace, *words):
        """A trace, once spans of these words (`user-service S`) have come."""

        def complete():
            tree = Tree(self.of(trace))
            return set(words) <= {tree.word(span) for span in tree.spans} and tree

        return wait_until(complete, f"spans of {', '.join(words)}", 20)


class Tree:
    def __init__(self, spans):
        self.spans = spans

    @staticmethod
    def word(span):
        """`user-service S`; L is local."""
        kind = span.get("kind", "LOCAL")[0]
        return f"{span['localEndpoint']['serviceName']} {kind}"

    def path_to(self, service, kind):
        """The words from the root down to the deepest span of a service and kind. A client and its server may share an id."""
        ends = [s for s in self.spans if self.word(s) == f"{service} {kind}"]
        assert ends, [self.word(s) for s in self.spans]
        return max((self._up_from(end) for end in ends), key=len)

    def _up_from(self, span):
        path = [self.word(span)]
        if span.get("shared"):
            above = next((s for s in self.spans if s["id"] == span["id"] and not s.get("shared")), None)
        else:
            above = self._by_id(span.get("parentId"))
        return (self._up_from(above) if above else []) + path

    def _by_id(self, id):
        """Of a client and a server with one id it is the server that has children."""
        same = [s for s in self.spans if s["id"] == id]
        return next((s for s in same if s.get("kind") == "SERVER"), same[0] if same else None)
