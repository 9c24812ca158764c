"""Fixtures of the end-to-end tests: whole fleets, each on free ports with a data folder of its own, so that several
run side by side. A test is named after its scenario: test_s10_register_and_log_in. Those marked `fast` are part of a
plain ./dev test; ./dev test --e2e runs all.

    def test_s10_register_and_log_in(shop):
        tester = shop.enter("a@x.io")
        assert shop.get("/user-service/users", tester).status == 200
"""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
# The support of the wire tests starts programs and asks them things; that of this folder knows the shop.
sys.path.insert(0, str(HERE.parent / "wire"))
sys.path.insert(0, str(HERE))

from shop_support.shop import Shop  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "fast: part of a plain ./dev test")


@pytest.fixture
def shop_with(tmp_path):
    """shop_with({"shop.profile": "course"}, scale={"order": 1}, ...): a fleet of its own for one test."""
    started = []

    def start(properties=None, **more):
        folder = tmp_path / f"fleet-{len(started)}"
        folder.mkdir()
        started.append(Shop(folder, properties, **more))
        return started[-1].wait_until_up()

    yield start
    for one in reversed(started):
        one.stop()


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """One fleet for all tests that leave it as they found it: they use users of their own, and hurt nobody."""
    fleet = Shop(tmp_path_factory.mktemp("shop")).wait_until_up()
    yield fleet
    fleet.stop()
