"""Bodies of every kind, with curl at the other end."""

import subprocess

from support.programs import tool


def curl(*arguments, data=None):
    done = subprocess.run([tool("curl"), "-sS", "-m", "20", *arguments], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_upload_of_unknown_length_is_read_piece_by_piece(deck):
    data = b"x" * 5_000_000
    assert curl("-T", "-", "-X", "POST", deck.url("/count"), data=data) == b"5000000"


def test_a_long_upload_waits_for_100_continue(deck):
    answer = curl("-v", "--stderr", "-", "--data-binary", "@-", "-H", "Expect: 100-continue", deck.url("/count"), data=b"y" * 2_000_000)
    assert b"HTTP/1.1 100" in answer
    assert answer.endswith(b"2000000") or b"\n2000000" in answer


def test_an_answer_of_unknown_length_is_chunked_and_whole(deck):
    expected = b"".join(b"line %d\n" % i for i in range(1, 50_001))
    assert curl(deck.url("/lines/50000")) == expected
    assert b"transfer-encoding: chunked" in curl("-D", "-", "-o", "/dev/null", deck.url("/lines/3")).lower()
    # the old version has no chunks: the end of the connection is the end of the body
    assert curl("--http1.0", deck.url("/lines/3")) == b"line 1\nline 2\nline 3\n"


def test_events_are_events(deck):
    text = curl("-N", deck.url("/sails")).decode()
    events = [block.splitlines() for block in text.strip().split("\n\n")]
    assert [sorted(event) for event in events] == [
        sorted(["event: sail", f"id: {i}", f"data: sail {i}", "data: set"]) for i in (1, 2, 3)
    ]


def test_a_reader_that_stops_costs_bounded_memory(deck, connect, until):
    before = deck.resident_bytes()
    raw = connect(deck.port)
    raw.send("GET /lines/20000000 HTTP/1.1\r\nHost: localhost\r\n\r\n")  # some 260 MB
    raw.read_until(b"\r\n\r\n")
    assert deck.get("/lines/1").status == 200  # others are served meanwhile
    until(lambda: deck.resident_bytes() - before < 20_000_000, "bounded memory")
