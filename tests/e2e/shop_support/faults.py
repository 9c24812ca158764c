"""A network that misbehaves: a proxy for TCP that stands between two parts and does what cables do.

    with FaultyLink(catalog_port) as link:
        link.fault = Delay(0.3)          # each piece comes so much later
        link.fault = OneWay()            # what the server says does not arrive
        link.heal()
"""

import random
import socket
import struct
import threading
import time

PIECE = 65536
TO_SERVER, TO_CLIENT = "to the server", "to the client"


class Fault:
    """What happens to a piece on its way. `pass_on` waits as long as it likes; False: the piece is lost for good."""

    def pass_on(self, _direction, _link):
        return True


class Delay(Fault):
    def __init__(self, seconds):
        self.seconds = seconds

    def pass_on(self, _direction, _link):
        time.sleep(self.seconds)
        return True


class Loss(Fault):
    """Packets that are lost are sent again by TCP: what is seen is a pause of at least its shortest timer."""

    def __init__(self, share, seed=1, pause=0.2):
        self.share, self.pause = share, pause
        self._random = random.Random(seed)

    def pass_on(self, _direction, _link):
        if self._random.random() < self.share:
            time.sleep(self.pause)
        return True


class HalfOpen(Fault):
    """The server has gone without a word: what is sent to it vanishes, and nothing comes back."""

    def pass_on(self, _direction, _link):
        return False


class OneWay(Fault):
    """A partition in one direction: what is sent waits in the sender's buffers until it has healed."""

    def __init__(self, direction=TO_CLIENT):
        self.direction = direction

    def pass_on(self, direction, link):
        if direction == self.direction:
            link.wait_while(self)
        return True


class Reset(Fault):
    """Every connection is reset, new ones too."""


class FaultyLink:
    def __init__(self, server_port):
        self.server_port = server_port
        self.connections = 0  # so far
        self._fault = Fault()
        self._changed = threading.Condition()
        self._pairs = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def fault(self):
        return self._fault

    @fault.setter
    def fault(self, fault):
        with self._changed:
            former, self._fault = self._fault, fault
            self._changed.notify_all()
        # A server that is back does not know connections of before: it resets them.
        if isinstance(fault, Reset) or isinstance(former, HalfOpen):
            self._reset_all()

    def heal(self):
        self.fault = Fault()

    def wait_while(self, fault):
        with self._changed:
            self._changed.wait_for(lambda: self._fault is not fault)

    def stop(self):
        self.heal()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reset_all()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if isinstance(self._fault, Reset):
                _reset(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port), timeout=5)
            except OSError:
                _reset(client)
                continue
            pair = (client, server)
            self._pairs.add(pair)
            for one in pair:
                one.settimeout(None)
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pump, args=(client, server, TO_SERVER, pair), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, TO_CLIENT, pair), daemon=True).start()

    def _pump(self, source, target, direction, pair):
        try:
            while piece := source.recv(PIECE):
                if self._fault.pass_on(direction, self):
                    target.sendall(piece)
            if self._fault.pass_on(direction, self):  # the end is a piece too
                target.shutdown(socket.SHUT_WR)
        except OSError:
            self._reset(pair)
        if direction == TO_CLIENT:
            self._pairs.discard(pair)

    def _reset(self, pair):
        self._pairs.discard(pair)
        for one in pair:
            _reset(one)

    def _reset_all(self):
        for pair in list(self._pairs):
            self._reset(pair)


def _reset(connection):
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)  # wakes the thread that reads
    except OSError:
        pass
    connection.close()
