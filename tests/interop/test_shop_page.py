"""S90: a new customer of the shop who knows nothing but the Swagger UI of its gateway, with a browser of Debian's."""

import json
import pathlib
import subprocess
import sys

import pytest

from support.programs import tool

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
from shop_support.shop import PASSWORD, Shop  # noqa: E402


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path).wait_until_up()
    yield shop
    shop.stop()


def test_s90_register_log_in_authorise_and_order_by_trying_it_out(shop, node_clients):
    command = [tool("node"), "shop_swagger_ui.mjs", tool("chromium"), shop.url("/swagger-ui.html"), "page@x.io", PASSWORD]
    done = subprocess.run(command, cwd=node_clients, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert seen["offered"] == ["user-service", "catalog-service", "order-service"]
    assert seen["register"]["status"] == "201", seen["register"]
    assert json.loads(seen["register"]["body"])["email"] == "page@x.io"
    assert seen["login"]["status"] == "200" and seen["token_is_shown"]
    assert [product["productId"] for product in json.loads(seen["catalog"]["body"])][0] == "CATALOG-001"
    assert seen["stranger"]["status"] == "401"
    order = json.loads(seen["order"])
    assert (order["status"], order["totalPrice"]) == ("CONFIRMED", 3000)
    assert [one["orderId"] for one in json.loads(seen["orders"]["body"])] == [order["orderId"]]
    # What is shown as an error is the 401 that was to be seen; nothing leaves the gateway.
    assert [line for line in seen["complaints"] if "401" not in line] == []
    assert all(url.startswith(shop.url("/")) for url in seen["asked"]), seen["asked"]
