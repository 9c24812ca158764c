"""Fixtures of the wire tests. Tests run side by side: every port is a free one, every file is in tmp_path.

    def test_hello_greets(service):
        hello = service("hello", {"spring.application.name": "hello"})
        assert hello.get("/hello").status == 200
"""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.certificates import Authority  # noqa: E402
from support.mariadb import MariaDb, install  # noqa: E402
from support.programs import Owner, Program, Service, fetch, free_port, tool, wait_until  # noqa: E402
from support.raw import Raw  # noqa: E402
from support.upstream import Upstream  # noqa: E402

HERE = pathlib.Path(__file__).parent


@pytest.fixture
def owner(tmp_path):
    owner = Owner(tmp_path)
    yield owner
    owner.stop_all()


@pytest.fixture
def program(owner):
    """program("nginx", "-c", path): any program; it is stopped when the test ends."""

    def start(name, *arguments, env=None, cwd=None):
        return owner.add(Program([tool(name), *arguments], owner.log_path(name), env=env, cwd=cwd))

    return start


@pytest.fixture
def service(owner):
    """service("hello", {"server.port": 0, ...}, env={...}): one of ours on a free port, ready to answer."""

    def start(name, properties=None, env=None, arguments=()):
        log = owner.log_path(name)
        return owner.add(Service(name, log, properties, env=env, arguments=arguments)).wait_until_ready()

    return start


@pytest.fixture(scope="module")
def upstream():
    """What a gateway forwards to: it keeps what it received."""
    upstream = Upstream()
    yield upstream
    upstream.stop()


def shared_service(name):
    """One for all tests that only ask it things, with default properties."""

    @pytest.fixture(scope="session", name=name.removeprefix("wire_"))
    def shared(tmp_path_factory):
        owner = Owner(tmp_path_factory.mktemp(name))
        yield owner.add(Service(name, owner.log_path(name))).wait_until_ready()
        owner.stop_all()

    return shared


hello = shared_service("hello")
deck = shared_service("wire_deck")


@pytest.fixture
def connect():
    """connect(port): a raw connection, closed when the test ends."""
    opened = []

    def open_one(port, **options):
        opened.append(Raw(port, **options))
        return opened[-1]

    yield open_one
    for raw in opened:
        raw.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def prometheus(program, tmp_path):
    """prometheus(targets, metrics_path=...): a Prometheus that scrapes them each second; has .query(expression)."""

    def start(targets, metrics_path="/actuator/prometheus"):
        config = tmp_path / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
            "scrape_configs:\n"
            "  - job_name: flotilla\n"
            f"    metrics_path: {metrics_path}\n"
            f"    static_configs: [{{targets: {list(targets)}}}]\n"
        )
        port = free_port()
        server = program(
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        server.wait_for_port(port)
        server.port = port
        return server

    return start


@pytest.fixture
def nginx(program, tmp_path):
    """nginx(http_block): an nginx of its own, as this user, in the foreground. {port} in the text is its port."""

    def start(http_block, limit=15):
        port = free_port()
        folder = tmp_path / "nginx"
        folder.mkdir()
        config = folder / "nginx.conf"
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config.write_text(
            f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;\n"
            f"events {{}}\nhttp {{ access_log off; {temporary}\n{http_block.replace('{port}', str(port))}\n}}\n"
        )
        server = program("nginx", "-e", "stderr", "-p", folder, "-c", config)
        server.wait_for_port(port, limit)
        server.port = port
        return server

    return start


@pytest.fixture(scope="session")
def mariadb_template(tmp_path_factory):
    return install(tmp_path_factory.mktemp("mariadb-template"))


@pytest.fixture
def mariadb(mariadb_template, tmp_path):
    """A MariaDB of this test's own: .url(), .properties(), .query(text), .kill(), .restart(), .create_database(name)."""
    owner = Owner(tmp_path)
    server = MariaDb(mariadb_template, tmp_path, owner)
    yield server
    # Its data goes with the test: no need to write it out in good order.
    if server.process.running:
        server.kill()
    server.remove()


@pytest.fixture
def node():
    """node("echo.mjs", arguments...): runs a script of clients/ to its end; the output is the answer."""

    def run(script, *arguments, timeout=30):
        done = subprocess.run(
            [tool("node"), str(HERE / "clients" / script), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@pytest.fixture
def promtool():
    """promtool(text): what 'promtool check metrics' says of an exposition, None if it is clean."""

    def check(text):
        done = subprocess.run(
            [tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, timeout=30
        )
        return None if done.returncode == 0 and not done.stderr else done.stdout + done.stderr

    return check


@pytest.fixture
def ask():
    """ask(url, ...): one request by Python's own client."""
    return fetch


@pytest.fixture
def until():
    """until(condition, what): polls for something true."""
    return wait_until
