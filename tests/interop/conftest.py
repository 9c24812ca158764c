"""Fixtures of the interop tests: real foreign servers and clients, fetched and built by Maven and npm on demand."""

import pathlib
import sys

import downloads
import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "wire"))

from support.programs import Program, fetch, free_port, tool, wait_until  # noqa: E402
from support.registry import Registry  # noqa: E402


@pytest.fixture(scope="session")
def build_dir():
    folder = HERE.parents[1] / "build" / "interop"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def maven(build_dir):
    """maven("eureka-server"): the jar of a project beside this file, built when its sources are newer."""

    def build(name):
        project = HERE / name
        target = build_dir / name
        jar = target / f"{name}.jar"
        newest = max(f.stat().st_mtime for f in project.rglob("*") if f.is_file())
        if not jar.exists() or jar.stat().st_mtime < newest:
            options = ["-Dmaven.test.skip", f"-DbuildDirectory={target}", "-f", project / "pom.xml"]
            downloads.run_maven(f"what {name} is made of, by Maven", tool("mvn"), *options, "package")
            assert jar.exists(), f"Maven has left no {jar}"
        return jar

    return build


@pytest.fixture(scope="session")
def node_clients():
    """The folder of clients/package.json with its packages."""
    folder = HERE / "clients"
    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        command = [tool("npm"), "ci", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error"]
        downloads.run("the Node packages of tests/interop/clients, by npm", command)
        stamp.touch()
    return folder


@pytest.fixture
def programs(tmp_path):
    """Starts programs and stops them when the test ends, the last first."""
    started = []

    def add(program):
        started.append(program)
        return program

    yield add
    for program in reversed(started):
        if program.running:
            program.stop(limit=20)


@pytest.fixture
def spring_eureka(maven, programs, tmp_path):
    """spring_eureka(): the port of a fresh Spring Cloud Netflix Eureka server."""

    def start(*options):
        port = free_port()
        jar = maven("eureka-server")
        log = tmp_path / "spring-eureka.log"
        command = [tool("java"), "-Xmx512m", "-jar", jar, f"--server.port={port}", *options]
        server = programs(Program(command, log))
        server.wait_for_port(port, limit=120)
        wait_until(lambda: fetch(f"http://127.0.0.1:{port}/eureka/apps").status == 200, "Spring's Eureka answers", limit=60)
        return port

    return start


@pytest.fixture
def our_registry(programs, tmp_path):
    """our_registry(): a fresh registry of ours, ready."""

    def start(properties=None):
        return programs(Registry(tmp_path / "registry.log", properties)).wait_until_ready()

    return start
