"""HTTP/1.1 byte by byte: what no well-behaved client would send."""

import socket
import ssl

from support.programs import PATIENCE


class Raw:
    """A plain or TLS connection. What was read and not yet asked for stays in a buffer."""

    def __init__(self, port, context=None, server_name="localhost", timeout=5):
        plain = socket.create_connection(("127.0.0.1", port), timeout=timeout * PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=server_name) if context else plain
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def end_of_input(self):
        """Half-closes: the other side sees the end, and can still answer."""
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        piece = self.socket.recv(65536)
        self.buffer += piece
        return piece

    def read_until(self, end):
        while end not in self.buffer:
            if not self._more():
                raise EOFError(f"closed before {end!r}, got {self.buffer!r}")
        head, self.buffer = self.buffer.split(end, 1)
        return head

    def read_exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise EOFError(f"closed after {len(self.buffer)} of {count} bytes")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_answer(self, head_only=False):
        """Status, headers (lower-case names; repeated ones joined by a comma) and body of the next answer."""
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if head_only or status in (204, 304) or 100 <= status < 200:
            return status, headers, b""
        if "chunked" in headers.get("transfer-encoding", ""):
            return status, headers, self._read_chunks()
        return status, headers, self.read_exactly(int(headers.get("content-length", 0)))

    def _read_chunks(self):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self.read_until(b"\r\n"):
                    pass
                return body
            body += self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"

    def is_closed(self):
        """Waits for the other side's end; anything else that it sends is an answer not asked for."""
        try:
            return not self.buffer and not self._more()
        except (ConnectionResetError, ssl.SSLEOFError):
            return True
        except TimeoutError:
            return False
