"""A server that keeps every byte that it received and answers by script. One thread a connection, plain sockets."""

import re
import socket
import threading

DEFAULT_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Received:
    """One request: `head` and `raw_body` as they came, and what they mean."""

    def __init__(self, head, raw_body, body, framing):
        self.head = head
        self.raw_body = raw_body
        self.body = body
        self.framing = framing
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = (first.split(" ") + ["", ""])[:3]
        self.headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def values(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The only value of this name, None without one."""
        values = self.values(name)
        assert len(values) <= 1, f"{name}: {values}"
        return values[0] if values else None


class Upstream:
    """Listens from the start. `answer` is bytes, or a function of a Received and the connection that gives bytes;
    an answer of None leaves the connection to the function. `Connection: close` in an answer is kept."""

    def __init__(self, answer=DEFAULT_ANSWER):
        self.answer = answer
        self.requests = []
        self.broken = []  # what came and was no whole request
        self._connections = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self):
        """What was received since the last call."""
        with self._lock:
            taken, self.requests = self.requests, []
            return taken

    def stop(self):
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            self._listener.close()
        self.drop_connections()

    def drop_connections(self):
        with self._lock:
            open_ones, self._connections = self._connections, []
        for connection in open_ones:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while self._serve_one(connection, stream):
                pass
        except OSError:
            pass
        finally:
            stream.close()
            connection.close()

    def _serve_one(self, connection, stream):
        head = _read_head(stream)
        if not head.endswith(b"\r\n\r\n"):
            if head:
                self._note_broken(head)
            return False
        try:
            raw_body, body, framing = _read_body(stream, head)
        except (EOFError, ValueError) as error:
            self._note_broken(head + error.args[0] if isinstance(error, EOFError) else head)
            return False
        received = Received(head[:-4], raw_body, body, framing)
        with self._lock:
            self.requests.append(received)
        answer = self.answer(received, connection) if callable(self.answer) else self.answer
        if answer is None:
            return False
        connection.sendall(answer)
        return not re.search(rb"(?im)^connection: *close", answer.split(b"\r\n\r\n")[0])

    def _note_broken(self, data):
        with self._lock:
            self.broken.append(data)


def _read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline(65536)
        if not line:
            break
        head += line
    return head


def _exactly(stream, count, before=b""):
    data = stream.read(count)
    if len(data) < count:
        raise EOFError(before + data)
    return data


def _read_body(stream, head):
    """Raw bytes, what they mean, and how their length was told."""
    if re.search(rb"(?im)^transfer-encoding:.*chunked", head):
        raw, body = b"", b""
        while True:
            line = stream.readline(1024)
            raw += line
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while line != b"\r\n":
                    line = stream.readline(1024)
                    if not line:
                        raise EOFError(raw)
                    raw += line
                return raw, body, "chunked"
            body += _exactly(stream, size, raw)
            raw += body[-size:] + _exactly(stream, 2, raw)
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    if length:
        body = _exactly(stream, int(length[1]))
        return body, body, f"length {int(length[1])}"
    return b"", b"", "none"
