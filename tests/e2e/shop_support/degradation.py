"""The table of docs/degradation.md, and what a client of the shop sees, in its words."""

import time
import uuid

from support.programs import ROOT, wait_until

PAGE = ROOT / "docs/degradation.md"
COLUMNS = ("Browse", "Register", "Log in", "Order", "User detail")
STOPPED_FOR, SEEN_AFTER = 30, 15
OLD = 10  # seconds: the list is good for five, and a moment longer while the gateway asks again


def table():
    """Rows by what is stopped."""
    cells = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in PAGE.read_text().splitlines() if line.startswith("|")]
    head, _, *rows = cells
    assert tuple(head[1:]) == COLUMNS, head
    return {stopped: dict(zip(COLUMNS, words)) for stopped, *words in rows}


def in_words(answer):
    words = [str(answer.status)]
    if int(answer.headers.get("age", 0)) > OLD:
        words.append("an old list")
    if degraded := answer.headers.get("x-degraded"):
        words.append(f"without {degraded}")
    if "retry-after" in answer.headers:
        words.append("try later")
    return ", ".join(words)


class Visit:
    """A customer who was here before something stopped."""

    def __init__(self, shop):
        self.shop = shop
        self.tester = shop.enter()
        assert shop.get("/catalog-service/catalogs").status == 200

    def row(self):
        shop = self.shop
        answers = (
            shop.get("/catalog-service/catalogs"),
            shop.register(f"{uuid.uuid4().hex[:20]}@x.io"),
            shop.login(self.tester.email),
            shop.order(self.tester),
            shop.detail(self.tester),
        )
        return dict(zip(COLUMNS, map(in_words, answers)))

    @classmethod
    def when_whole(cls, shop):
        """As soon as everything works."""

        def whole():
            try:
                visit = cls(shop)
            except AssertionError:
                return None
            return visit.row() == table()["nothing"] and visit

        return wait_until(whole, "the shop is whole", 30)

    def expect(self, stopped):
        """What the page says comes soon, and stays as long as the part is away."""
        wanted = table()[stopped]
        began = time.monotonic()
        while (seen := self.row()) != wanted:
            assert time.monotonic() < began + SEEN_AFTER, f"without {stopped} it is\n{seen}\nand the page says\n{wanted}"
        while time.monotonic() < began + STOPPED_FOR:
            seen = self.row()
            assert seen == wanted, f"without {stopped} after {time.monotonic() - began:.1f} s: {seen}"
            time.sleep(1)
