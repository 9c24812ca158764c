"""The build keeps the architecture: each fixture beside this file breaks one rule, and the build must say so."""

import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent


class Project:
    """One fixture, configured in a folder of its own without tests and precompiled headers."""

    def __init__(self, name, folder):
        self.source = HERE / name
        self.folder = folder

    def run(self, *command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        # CMake folds its messages at the right margin
        return done.returncode, re.sub(r"\s+", " ", done.stdout)

    def configure(self, **settings):
        options = [f"-D{key}={value}" for key, value in settings.items()]
        return self.run(
            "cmake", "-G", "Ninja", "-S", str(self.source), "-B", str(self.folder), "-DCMAKE_CXX_COMPILER=clang++-19", *options
        )

    def build(self, *targets):
        return self.run("ninja", "-C", str(self.folder), *targets)


@pytest.fixture
def project(tmp_path):
    return lambda name: Project(name, tmp_path / "build")


def assert_builds(result):
    status, output = result
    assert status == 0, output


def test_a_module_may_stand_on_a_declared_module_of_a_lower_floor(project):
    accepted = project("accepted")
    assert_builds(accepted.configure())
    assert_builds(accepted.build("all", "all_verify_interface_header_sets"))


@pytest.mark.parametrize(
    "floor, dependency, message",
    [
        (0, "flotilla::keel", "bilge (floor 0) may not depend on flotilla::keel (floor 1)"),
        (1, "flotilla::keel", "bilge (floor 1) may not depend on flotilla::keel (floor 1)"),
        (1, "flotilla_keel", "bilge (floor 1) may not depend on flotilla_keel (floor 1)"),
        (2, "flotilla::mast", "bilge: depends on flotilla::mast, which does not exist (yet)"),
        (2, "flotilla_warnings", "bilge: flotilla_warnings is no Flotilla module"),
    ],
)
def test_a_dependency_that_is_not_on_a_lower_floor_stops_the_configuration(project, floor, dependency, message):
    status, output = project("upward_dependency").configure(FIXTURE_FLOOR=floor, FIXTURE_DEPENDENCY=dependency)
    assert status != 0
    assert message in output


def test_an_include_from_an_undeclared_module_does_not_compile(project):
    undeclared = project("undeclared_include")
    assert_builds(undeclared.configure())
    status, output = undeclared.build()
    assert status != 0
    assert "'flotilla/keel/keel.hpp' file not found" in output


def test_a_header_that_does_not_compile_alone_fails_the_header_check(project):
    incomplete = project("incomplete_header")
    assert_builds(incomplete.configure())
    assert_builds(incomplete.build())
    status, output = incomplete.build("all_verify_interface_header_sets")
    assert status != 0
    assert "use of undeclared identifier 'std'" in output


def test_an_installed_flotilla_serves_another_project(project, tmp_path):
    consumer = project("consumer")
    prefix = tmp_path / "prefix"
    assert_builds(consumer.run("cmake", "--install", str(ROOT / "build/release"), "--prefix", str(prefix), "--component", "development"))
    assert_builds(consumer.configure(CMAKE_PREFIX_PATH=prefix))
    assert_builds(consumer.build())
    status, output = consumer.run(str(consumer.folder / "consumer"), "--help")
    assert status == 0 and "server.port" in output
