"""S49: docs/degradation.md tells what still works without each part, and is right."""

import signal

import pytest
from shop_support.degradation import Visit, table
from support.programs import BINARIES, Program, free_port, wait_until

UNHEARD = {"management.zipkin.tracing.endpoint": f"http://127.0.0.1:{free_port()}/api/v2/spans"}


def stop(one):
    one.signal(signal.SIGKILL)
    one.wait_for_exit()


@pytest.mark.fast
def test_s49_with_all_parts_everything_works(shop_with):
    shop = shop_with()
    assert Visit(shop).row() == table()["nothing"]


@pytest.mark.parametrize("part", ["user", "order", "catalog"])
def test_s49_without_a_service(shop_with, part):
    shop = shop_with(arguments=("--without", part))
    one = shop.start_beside(f"shop-{part}", part)
    visit = Visit.when_whole(shop)
    stop(one)
    visit.expect(f"{part}-service")


def test_s49_without_one_of_two_order_services(shop_with):
    shop = shop_with(scale={"order": 1})
    one = shop.start_beside("shop-order", "order-beside")
    wait_until(lambda: len(shop.registered("ORDER-SERVICE")) == 2, "there are two")
    visit = Visit.when_whole(shop)
    stop(one)
    visit.expect("one of two order-services")


def test_s49_without_the_registry(shop_with, tmp_path):
    shop = shop_with(arguments=("--without", "registry"))
    options = [f"--server.port={shop.registry_port}", f"--eureka.consul.dns-port={free_port()}"]
    registry = Program([BINARIES / "flotilla", "registry", *options], tmp_path / "registry.log")
    shop.beside.append(registry)
    visit = Visit.when_whole(shop)
    stop(registry)
    visit.expect("registry")


def test_s49_without_a_trace_server(shop_with):
    shop = shop_with({**UNHEARD, "management.tracing.sampling.probability": 1.0})
    Visit.when_whole(shop).expect("trace server")
