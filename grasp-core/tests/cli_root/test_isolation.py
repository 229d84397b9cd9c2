"""Whatever a plugin does, the command line and everybody else's plugins go on."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ..plugins.distributions import NAMES, Command, Install, Ran

BAD = tuple(n for n in NAMES if n != "demo-good")


def learn(grasp: Command, *options: str) -> Ran:
    task = ("run", "demo-words", "--agent", "demo-echo", "--run-dir", "r", "--json")
    return grasp(*options, *task)


@pytest.mark.parametrize("name", BAD)
def test_nobody_stops_the_others(name: str, grasp: Command, install: Install) -> None:
    install("demo-good", name)
    assert grasp("--help").code == 0
    listed = grasp("list-plugins", "--json")
    assert listed.code == 0
    (good,) = [p for p in json.loads(listed.out) if p["distribution"] == "demo-good"]
    assert good["status"] == "ok"
    ran = learn(grasp)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["best_val"] == 1.0


def test_all_of_them_together_in_a_process_of_its_own(process: Callable[..., Ran]) -> None:
    def grasp(*arguments: str) -> Ran:
        return process(NAMES, "-m", "grasp", *arguments)

    assert grasp("--help").code == 0
    listed = grasp("list-plugins", "--json")
    assert listed.code == 0
    assert len({p["distribution"] for p in json.loads(listed.out)} & set(NAMES)) == len(NAMES) - 2
    ran = learn(grasp)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["best_val"] == 1.0
    assert "Traceback" not in ran.err
    for name in ("demo-exits", "demo-import-error", "demo-misspelt", "demo-argument"):
        assert f"Warning: {name} is broken: " in ran.err
    assert "Warning: demo-future is incompatible: needs grasp-core" in ran.err
    assert ran.err.count("the observer of demo-observer failed") == 1


def test_a_run_warns_of_what_is_not_there(grasp: Command, install: Install) -> None:
    install("demo-good", "demo-exits")
    assert "Warning: demo-exits is broken: it called sys.exit(3)\n" in learn(grasp).err
    ran = grasp("--no-plugin", "demo-exits", "run", "demo-words", "--agent", "demo-echo")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("task", "error", "hint"),
    [
        ("demo-wrods", "unknown task 'demo-wrods'", "did you mean demo-words?"),
        (
            "twin-task",
            "the task 'twin-task' is registered by demo-twin-a and demo-twin-b",
            "say which: demo-twin-a/twin-task or demo-twin-b/twin-task",
        ),
        (
            "extra-early",
            "the task 'extra-early' of demo-extras can't be imported"
            " (ModuleNotFoundError: No module named 'demo_missing_docker')",
            "pip install 'demo-extras[docker]'",
        ),
    ],
)
def test_a_task_that_can_not_be_had(
    task: str, error: str, hint: str, grasp: Command, install: Install
) -> None:
    install("demo-good", "demo-twin-a", "demo-twin-b", "demo-extras")
    ran = grasp("run", task, "--agent", "demo-echo", "--run-dir", "r")
    assert (ran.code, ran.err) == (1, f"Error: {error}\nHint: {hint}\n")
