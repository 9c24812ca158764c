"""What is wrong with a declared client is said by the compiler, by name."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
INCLUDES = [f"-I{path}" for path in sorted(ROOT.glob("modules/*/include"))]

CLIENT = """
#include "flotilla/remote/endpoint.hpp"
using namespace flotilla::remote;
struct Item { int id = 0; };
FLT_DESCRIBE(Item, id)
struct Client { METHOD method; };
FLT_DESCRIBE(Client, method)
Client client;
"""


def compile_client(method, compiler):
    return subprocess.run(
        [compiler, "-std=c++23", "-fsyntax-only", "-DBOOST_ASIO_NO_DEPRECATED", *INCLUDES, "-x", "c++", "-"],
        input=CLIENT.replace("METHOD", method), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
    )


@pytest.mark.parametrize("compiler", ["clang++-19", "g++-12"])
@pytest.mark.parametrize(
    "method, messages",
    [
        ('Get<"/users/{userId}", Item(Path<"userId">)>', []),
        (
            'Get<"/users/{usrId}", Item(Path<"userId">)>',
            ["this placeholder of the path has no argument Path<...> of its name", '"usrId"'],
        ),
        (
            'Get<"/users", Item(Path<"userId">)>',
            ["this Path<...> argument has no placeholder in the path", '"userId"'],
        ),
        ('Post<"/users", Item(Body<Item>, Body<Item>)>', ["a declared method has one body"]),
        ('Get<"users", Item()>', ["the path of a declared method begins with a slash"]),
        ('Get<"/users", Item(int)>', ["a declared method takes Path, Query, QueryMap, Header, HeaderMap, Body or Form"]),
    ],
)
def test_fact_31_a_wrong_declaration_does_not_compile_and_says_why(method, messages, compiler):
    done = compile_client(method, compiler)
    if not messages:
        assert done.returncode == 0, done.stdout
        return
    assert done.returncode != 0
    for message in messages:
        assert message in done.stdout
