"""A steady stream of requests while something happens."""

import threading
import time


class Stream:
    """Calls `call()` so many times a second on threads of its own; keeps (second, status, answer) of each. A call that
    raises has status 0."""

    def __init__(self, call, per_second, threads=8):
        self.call = call
        self.interval = threads / per_second
        self.results = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._run, args=(i / per_second,)) for i in range(threads)]

    def _run(self, offset):
        due = self._began + offset
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            try:
                answer = self.call()
                result = (time.monotonic() - self._began, answer.status, answer)
            except OSError as error:
                result = (time.monotonic() - self._began, 0, error)
            with self._lock:
                self.results.append(result)
            due += self.interval

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def now(self):
        return time.monotonic() - self._began

    def since(self, second):
        with self._lock:
            return [result for result in self.results if result[0] >= second]

    def statuses(self, since=0.0):
        return [status for _, status, _ in self.since(since)]
