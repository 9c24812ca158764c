"""S00: the parts of the shop started by hand, in the seeds' order and all at once in any order: none waits for another,
and none ends because another is late."""

import os
import random
import signal

import pytest
from shop_support.shop import PASSWORD, SECRET
from support.programs import BINARIES, Owner, Program, fetch, free_port, wait_until

SEEDS_ORDER = ("registry", "gateway", "user", "catalog", "order-1", "order-2")
SEED = os.environ.get("FLOTILLA_SEED", "S00")


class ByHand:
    """As the fleet's file has them, each from a shell of its own."""

    def __init__(self, folder):
        self.owner = Owner(folder)
        self.folder = folder
        self.registry, self.gateway = free_port(), free_port()

    def command(self, part):
        kind = part.partition("-")[0]
        if kind == "registry":
            return ["flotilla", "registry", f"--server.port={self.registry}", f"--eureka.consul.dns-port={free_port()}"]
        if kind == "gateway":
            return ["flotilla", "gateway", f"--server.port={self.gateway}", "--flotilla.gateway.preset=shop"]
        return [f"shop-{kind}", f"--server.port={free_port()}", f"--spring.datasource.url=sqlite:{self.folder}/{kind}db.sqlite"]

    def start(self, parts):
        common = f"--eureka.client.service-url.defaultZone=http://127.0.0.1:{self.registry}/eureka/"
        for part in parts:
            program, *options = self.command(part)
            command = [BINARIES / program, *options, common]
            self.owner.add(Program(command, self.folder / f"{part}.log", env={"TOKEN_SECRET": SECRET})).part = part

    def post(self, path, body):
        url = f"http://127.0.0.1:{self.gateway}{path}"
        try:
            return fetch(url, "POST", body.encode(), {"Content-Type": "application/json"})
        except OSError:
            return None  # there is no gateway yet

    def registers(self, email):
        answer = self.post("/user-service/users", f'{{"email":"{email}","name":"Tester","pwd":"{PASSWORD}"}}')
        return answer is not None and answer.status == 201

    def ended(self):
        return [program.part for program in self.owner._started if not program.running]


@pytest.fixture
def by_hand(tmp_path):
    fleet = ByHand(tmp_path)
    yield fleet
    for program in fleet.owner._started:
        program.signal(signal.SIGTERM)
    fleet.owner.stop_all()


def any_order(number):
    parts = list(SEEDS_ORDER)
    random.Random(f"{SEED}-{number}").shuffle(parts)
    return parts


@pytest.mark.parametrize("parts", [SEEDS_ORDER, *map(any_order, range(10))], ids=",".join)
def test_s00_s10_in_any_order(by_hand, parts):
    by_hand.start(parts)
    # A customer who tries until it works: S10.
    numbers = iter(range(10_000))
    email = wait_until(lambda: by_hand.registers(e := f"a{next(numbers)}@x.io") and e, "somebody can register", 15)
    login = by_hand.post("/user-service/login", f'{{"email":"{email}","password":"{PASSWORD}"}}')
    assert login.status == 200 and login.headers["token"] and login.headers["userid"]
    who = {"Authorization": f"Bearer {login.headers['token']}"}

    def orders():
        url = f"http://127.0.0.1:{by_hand.gateway}/user-service/users/{login.headers['userid']}"
        answer = fetch(url, headers=who)
        return answer.status == 200 and "x-degraded" not in answer.headers

    wait_until(orders, "user-service finds order-service", 15)
    assert by_hand.ended() == [], "nobody ends because another is late"
