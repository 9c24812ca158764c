"""Sends a case to a gateway in front of a recording upstream, and tells what both ends saw, less what any run changes."""

import hashlib
import json
import re
import time

from gateway_peer import sockets
from gateway_peer.cases import CASES, HELLO
from support.raw import Raw

LIMIT = 4.0  # for an answer that may never come
TRACE_ID = re.compile(r"(?!5e8eeec48b08e268)[0-9a-f]{32}|(?!5e8eeec48b08e268|dcc1df555b5777b3)[0-9a-f]{16}")
OWN_FRAMING = {"connection", "keep-alive", "transfer-encoding", "content-length"}
# What a gateway writes itself it may spell as it likes; what it passes on it may not.
OWN_SPELLING = {"host", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol"}


class Observer:
    """One gateway by its port, and the upstream behind it. `everything` is {name of a case: what was seen}."""

    def __init__(self, port, upstream, nobody):
        self.port = port
        self.upstream = upstream
        self.ports = {port: "<gateway>", upstream.port: "<upstream>", nobody: "<nobody>"}

    def everything(self):
        seen = {case.name: self.observe(case) for case in CASES}
        seen.update((case.name, self.observe_socket(case)) for case in sockets.WEB_SOCKETS)
        assert len(seen) == len(CASES) + len(sockets.WEB_SOCKETS), "two cases of one name"
        return seen

    def observe_socket(self, case):
        self.upstream.take()
        heard = []
        self.upstream.answer = lambda request, connection: sockets.serve(case, request, connection, heard)
        seen = {}
        with Raw(self.port, timeout=LIMIT) as client:
            self.client_port = client.socket.getsockname()[1]
            client.send(case.request(self.port))
            status, headers, body = self._read_answer(client, head_only=False)
            if headers.get("sec-websocket-accept") == [sockets.accept_of(sockets.KEY)]:
                headers["sec-websocket-accept"] = ["<right>"]
            seen.update(status=status, headers=headers, body=body.decode("latin-1"))
            if status == 101:
                seen["frames"] = sockets.converse(case, client)
        time.sleep(0.1)  # the end reaches the upstream a little later
        received = [self._received(one) for one in self.upstream.take()]
        for one in received:
            if "sec-websocket-key" in one["headers"]:
                one["headers"]["sec-websocket-key"] = ["<key>"]
        seen["received"] = received
        seen["upstream frames"] = heard
        self.upstream.drop_connections()
        return seen

    def observe(self, case):
        self.upstream.take()
        self.upstream.broken.clear()

        answers = iter([case.answer])

        def reply(_request, _connection):
            time.sleep(case.delay)
            return next(answers, case.answer if case.then is None else case.then) or None

        self.upstream.answer = reply
        seen = self._exchange(case.request.replace("{host}", f"127.0.0.1:{self.port}"))
        if not 200 <= seen.get("status", 0) < 300:
            time.sleep(0.05)  # an upstream that is being broken off notices a little later
        received = [self._received(one) for one in self.upstream.take()]
        if received:
            seen["received"] = received
        if self.upstream.broken:
            seen["broken off"] = len(self.upstream.broken)
        if case.answer != HELLO:
            # Whatever is left on these connections must not meet the next case.
            self.upstream.drop_connections()
            time.sleep(0.05)
        return seen

    def _exchange(self, request):
        with Raw(self.port, timeout=LIMIT) as client:
            self.client_port = client.socket.getsockname()[1]
            client.send(request)
            seen = {}
            try:
                while True:
                    status, headers, body = self._read_answer(client, request.startswith("HEAD "))
                    if status >= 200:
                        break
                    seen.setdefault("interim", []).append(status)
            except TimeoutError:
                return seen
            except (EOFError, ConnectionError):
                seen["closed"] = "within the answer" if client.buffer else "without an answer"
                return seen
            return {**seen, "status": status, "headers": headers, "body": self._body(body, headers)}

    def _read_answer(self, client, head_only):
        head = client.read_until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        status = int(first.split(" ")[1])
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.lower(), []).append(self._plain(value.strip()))
        body = b""
        if not head_only and status >= 200 and status not in (204, 304):
            if "chunked" in headers.get("transfer-encoding", []):
                body = client._read_chunks()
            elif "content-length" in headers:
                body = client.read_exactly(int(headers["content-length"][0]))
            else:
                body = self._rest(client)
        dropped = OWN_FRAMING - ({"content-length"} if head_only else set())
        return status, {name: values for name, values in sorted(headers.items()) if name not in dropped}, body

    @staticmethod
    def _rest(client):
        while client._more():
            pass
        return client.buffer

    def _plain(self, text):
        """Ports differ between runs, and the time does."""
        for port, name in self.ports.items():
            text = re.sub(rf"\b{port}\b", name, text)
        text = re.sub(rf"\b{self.client_port}\b", "<client>", text)
        return re.sub(r"^\w{3}, \d\d \w{3} (?!2022)\d{4} [\d:]+ GMT$", "<now>", text)

    def _body(self, body, headers):
        text = self._plain(body.decode("latin-1"))
        if headers.get("content-type", [""])[0].startswith("application/json") and text.startswith("{"):
            members = {k: v for k, v in json.loads(text).items() if k not in ("timestamp", "requestId", "traceId")}
            text = json.dumps(members, sort_keys=True)
        return short(text)

    def _received(self, request):
        headers = {}
        for name, value in request.headers:
            if name.lower().startswith(("b3", "x-b3-", "trace")):
                value = TRACE_ID.sub("<id>", value)
            shown = name.lower() if name.lower() in OWN_SPELLING else name
            headers.setdefault(name.lower(), []).append(f"{shown}: {self._plain(short(value))}")
        return {
            "line": short(self._plain(f"{request.method} {request.target} {request.version}")),
            "headers": {name: headers[name] for name in sorted(headers) if name not in OWN_FRAMING},
            "body": short(request.body.decode("latin-1")),
            "framing": request.framing,
        }


def short(text):
    return text if len(text) <= 300 else f"{text[:20]}... {len(text)} letters, {hashlib.md5(text.encode()).hexdigest()[:8]}"


def differences(theirs, ours):
    """{aspect: (theirs, ours)} of two observations of one case."""
    found = {}

    def compare(aspect, a, b):
        if a != b:
            found[aspect] = (a, b)

    for aspect in ("interim", "status", "closed", "body", "broken off", "frames", "upstream frames"):
        compare(aspect, theirs.get(aspect), ours.get(aspect))
    if "status" in theirs and "status" in ours:
        for name in sorted({*theirs["headers"], *ours["headers"]}):
            compare(f"header {name}", theirs["headers"].get(name), ours["headers"].get(name))
    sent_theirs, sent_ours = theirs.get("received", []), ours.get("received", [])
    compare("upstream requests", len(sent_theirs), len(sent_ours))
    for a, b in zip(sent_theirs, sent_ours):
        for aspect in ("line", "body", "framing"):
            compare(f"upstream {aspect}", a[aspect], b[aspect])
        for name in sorted({*a["headers"], *b["headers"]}):
            compare(f"upstream header {name}", a["headers"].get(name), b["headers"].get(name))
    return found


