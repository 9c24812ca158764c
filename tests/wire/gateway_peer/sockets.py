"""WebSockets through a gateway: what the client says after the handshake, and what both ends see of it."""

import base64
import dataclasses
import hashlib
import os
import struct

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NAMES = {TEXT: "text", 2: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"]


def text(words):
    return TEXT, words.encode()


def close(code=None):
    return CLOSE, b"" if code is None else struct.pack("!H", code)


@dataclasses.dataclass
class WebSocketCase:
    """The client sends `frames` one by one and reads a frame after each; the upstream echoes texts and closes, and
    closes itself with `closing` when it hears `bye`. `refusal` is its answer instead of a handshake."""

    name: str
    lines: list = dataclasses.field(default_factory=list)
    frames: list = dataclasses.field(default_factory=lambda: [text("hello"), close(1000)])
    closing: int = 1000
    refusal: bytes = None

    def request(self, port):
        return "\r\n".join(["GET /raw/socket?x=1 HTTP/1.1", f"Host: 127.0.0.1:{port}", *UPGRADE, *self.lines, "", ""])


WEB_SOCKETS = [
    WebSocketCase("websocket"),
    WebSocketCase("websocket with a protocol", ["Sec-WebSocket-Protocol: chat, other"]),
    WebSocketCase("websocket with an extension", ["Sec-WebSocket-Extensions: permessage-deflate"]),
    WebSocketCase("websocket with cookie and token", ["Cookie: a=1", "Authorization: Bearer x", "Origin: http://a.example.org"]),
    WebSocketCase("websocket closed with 4001", frames=[close(4001)]),
    WebSocketCase("websocket closed without a code", frames=[close()]),
    WebSocketCase("websocket closed by the upstream", frames=[text("bye")], closing=4002),
    WebSocketCase("websocket refused", refusal=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
]


def accept_of(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def encode(opcode, payload, mask):
    """One frame of up to 125 bytes."""
    head = bytes([0x80 | opcode, len(payload) | (0x80 if mask else 0)])
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def read_frame(read_exactly):
    first, second = read_exactly(2)
    key = read_exactly(4) if second & 0x80 else bytes(4)
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(read_exactly(second & 0x7F)))
    return first & 0x0F, payload


def describe(opcode, payload):
    if opcode == CLOSE:
        return f"close {struct.unpack('!H', payload[:2])[0]}" if payload else "close"
    return f"{NAMES.get(opcode, opcode)} {payload.decode('latin-1')}"


def serve(case, request, connection, heard):
    """The upstream's end; every frame that it hears goes to `heard`."""
    if case.refusal:
        return case.refusal
    offered = [one.strip() for value in request.values("Sec-WebSocket-Protocol") for one in value.split(",")]
    chosen = f"Sec-WebSocket-Protocol: {offered[0]}\r\n" if offered else ""
    key = request.header("Sec-WebSocket-Key") or ""
    connection.sendall(
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Upstream: here\r\n"
            f"Sec-WebSocket-Accept: {accept_of(key)}\r\n{chosen}\r\n"
        ).encode()
    )

    def exactly(count):
        data = b""
        while len(data) < count:
            piece = connection.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    try:
        while True:
            opcode, payload = read_frame(exactly)
            if opcode in (PING, PONG):
                continue  # a gateway may ask whether somebody is there
            heard.append(describe(opcode, payload))
            if opcode == TEXT and payload == b"bye":
                connection.sendall(encode(*close(case.closing), mask=False))
            elif opcode == TEXT:
                connection.sendall(encode(TEXT, b"echo " + payload, mask=False))
            else:
                connection.sendall(encode(opcode, payload, mask=False))
                return None
    except (EOFError, OSError):
        return None


def converse(case, client):
    """The client's end, after the handshake: what it hears."""
    heard = []
    try:
        for frame in case.frames:
            client.send(encode(*frame, mask=True))
            opcode, payload = read_frame(client.read_exactly)
            heard.append(describe(opcode, payload))
            if opcode == CLOSE and frame[0] != CLOSE:
                client.send(encode(opcode, payload, mask=True))
    except (EOFError, OSError) as error:
        heard.append("nothing" if isinstance(error, TimeoutError) else "the end")
    return heard
