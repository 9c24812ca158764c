"""That the runner of pages sees what is not as the page says."""

import pathlib

import pytest
from shop_support.page import Shell, fits, steps_of
from support.programs import wait_until

PAGE = """
# A page

```console
$ echo 'order 12 of 6f1d0000-1111-2222-3333-444444444444'
order 7 of 00000000-0000-0000-0000-000000000000
$ X=1
$ echo $X; echo two; echo three
1
...
```

```sh
echo this is shown only
```
"""

pytestmark = pytest.mark.fast


def test_steps_are_commands_with_their_output():
    steps = steps_of(PAGE)
    assert [step.command for step in steps] == [
        "echo 'order 12 of 6f1d0000-1111-2222-3333-444444444444'",
        "X=1",
        "echo $X; echo two; echo three",
    ]
    assert [step.output for step in steps] == [["order 7 of 00000000-0000-0000-0000-000000000000"], [], ["1", "..."]]
    assert steps[0].line == 5


def test_a_page_runs_in_one_shell_and_is_compared_by_shape(tmp_path):
    shell = Shell(tmp_path, [])
    for step in steps_of(PAGE):
        assert fits(step.output, shell.run(step.command)), step.command
    shell.close()


def runs(pid):
    """It does not when it only waits to be buried."""
    try:
        return ") Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_what_a_broken_off_page_has_started_ends_with_its_shell(tmp_path):
    shell = Shell(tmp_path, [])
    (pid,) = shell.run("sleep 600 >/dev/null 2>&1 & echo $!")
    shell.close()
    wait_until(lambda: not runs(pid), "it is gone")


@pytest.mark.parametrize(
    "expected, actual, same",
    [
        (["a 1"], ["a 2"], True),
        (["a 1"], ["b 1"], False),
        (["a", "b"], ["a"], False),
        (["a"], ["a", "b"], False),
        (["a", "...", "d"], ["a", "b", "c", "d"], True),
        (["status ... ok"], ["status up and ok"], True),
        (["status ... ok"], ["status up"], False),
        (["{\"stock\":90}"], ["{\"stock\":89}"], True),
    ],
)
def test_shapes(expected, actual, same):
    assert fits(expected, actual) is same
