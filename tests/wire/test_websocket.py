"""WebSocket with a client that is not ours: the library "ws" of Node.js."""

import json
import re

from support.programs import Program, tool

CLIENT = "websocket.mjs"


def talk(node, server, *steps, scheme="ws"):
    return json.loads(node(CLIENT, f"{scheme}://localhost:{server.port}/echo", *steps).splitlines()[-1])


def test_messages_of_each_kind_come_back(deck, node):
    seen = talk(node, deck, "text:ahoy", "text:Grüße ⛵", "binary:00ff7f80", "repeat:100000", "close:1000:bye")
    assert seen["error"] is None
    assert seen["messages"] == [{"text": "ahoy"}, {"text": "Grüße ⛵"}, {"hex": "00ff7f80"}, {"length": 100000}]
    assert seen["close"][0] == 1000


def test_a_message_in_pieces_is_one_message(deck, node):
    assert talk(node, deck, "pieces:one,two,three")["messages"] == [{"text": "onetwothree"}]


def test_a_ping_is_answered_with_its_payload(deck, node):
    assert talk(node, deck, "ping:are you there")["pongs"] == ["are you there"]


def test_a_subprotocol_is_agreed_on(deck, node):
    assert talk(node, deck, "protocol=semaphore", "text:a")["protocol"] == "semaphore"


def test_a_message_that_is_too_long_closes_with_1009(deck, node):
    assert talk(node, deck, "repeat:2000000")["close"][0] == 1009


def test_where_there_is_no_socket_the_answer_is_an_error(deck, node):
    seen = json.loads(node(CLIENT, f"ws://localhost:{deck.port}/nowhere").splitlines()[-1])
    assert seen["error"] == 404


def test_it_works_over_tls(service, node, authority):
    certificate, key = authority.issue("deck")
    deck = service("wire_deck", {"server.ssl.certificate": certificate, "server.ssl.certificate-private-key": key})
    seen = talk(node, deck, f"ca={authority.certificate}", "text:ahoy", scheme="wss")
    assert seen["messages"] == [{"text": "ahoy"}]


def test_a_server_that_ends_says_going_away(service, owner):
    deck = service("wire_deck")
    client = owner.add(
        Program(
            [tool("node"), f"tests/wire/clients/{CLIENT}", f"ws://localhost:{deck.port}/echo", "wait"],
            owner.log_path("node"),
        )
    )
    client.wait_for_log("waiting")
    assert deck.stop() == 0
    client.wait_for_exit()
    assert json.loads(client.log().splitlines()[-1])["close"][0] == 1001


def test_the_handshake_is_the_one_of_the_rfc(deck, connect):
    raw = connect(deck.port)
    raw.send(
        "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    head = raw.read_until(b"\r\n\r\n").decode()
    assert head.startswith("HTTP/1.1 101 ")
    assert re.search(r"(?im)^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r?$", head)
    raw.send(b"\x81\x05hello")  # not masked: a client must mask
    assert raw.read_exactly(4)[:1] == b"\x88"
