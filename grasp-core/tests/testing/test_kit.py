"""What the kit is made of, and how it reaches tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grasp import hookimpl
from grasp.plugins import fresh
from grasp.testing import Report, check_method, check_task, malformed
from grasp.testing.checks import Blocked, Broken, run_checks
from grasp.testing.difference import difference
from grasp.testing.driving import Rendezvous, driver, parrot
from grasp.testing.plugin.imports import import_cost

HERE = Path(__file__).parent


def test_the_fixtures_are_there_without_a_conftest(check_gate: Callable[..., Report]) -> None:
    assert check_gate("paper").ok


def test_the_pytest_plugin_costs_a_session_nothing() -> None:
    code = (
        "import sys, pytest, grasp.testing.pytest_plugin\n"
        "print(sorted(m for m in sys.modules if m.startswith(('grasp', 'hypothesis', 'openai'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['grasp', 'grasp.testing', 'grasp.testing.pytest_plugin']"


def test_without_hypothesis_the_fixed_list_remains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setattr(malformed, "find_spec", lambda name: None)
    from broken.good_task import Walk  # type: ignore[import-not-found]
    from broken.tasks.grader_trusts_answers import Broken as Trusting  # type: ignore

    (warning,) = check_task(Walk).findings
    assert (warning.check, warning.severity) == ("robust-grading", "warning")
    assert "pip install 'grasp-core[testing]'" in warning.remedy
    with pytest.raises(AssertionError, match=r"for the answer '(9|²)"):
        check_task(Trusting)


def test_hypothesis_finds_what_no_list_holds() -> None:
    def grade(answer: str | None) -> None:
        if answer and len(answer) > 2 and answer.isupper() and answer not in malformed.CORPUS:
            raise ValueError(answer)

    found = malformed.first_raising(grade, examples=500)
    assert found is not None
    assert len(found.answer or "") == 3, "what was found is made as short as it can be"


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, "a[1]: 2, then 3"),
        ({"a": 1}, {}, "'a' is only in the first"),
        ([1], [1, 2], "1 items, then 2"),
        (True, 1, "True, then 1"),
        (float("nan"), float("nan"), ""),
        ("x" * 90 + "a", "x" * 90 + "b", "'…xxxxxxxxxxxxxxxxxxxxa', then '…xxxxxxxxxxxxxxxxxxxxb'"),
    ],
)
def test_differences_are_told_in_few_words(one: Any, other: Any, said: str) -> None:
    assert difference(one, other) == said


def test_a_parrot_repeats_itself_and_heeds_every_word() -> None:
    history = [{"role": "user", "content": "Say `LEFT`, `RIGHT` or FINISH(3)."}]
    said = [driver(parrot("a", ["7"])).inference(history) for _ in range(3)]
    assert len(set(said)) == 1
    others = {driver(parrot("a")).inference([*history, {"role": "user", "content": str(n)}])
              for n in range(30)}  # fmt: skip
    assert len(others) > 3


def test_a_rendezvous_lets_go_of_those_who_leave() -> None:
    meeting = Rendezvous(2)
    meeting.leave()
    meeting.arrive()  # Alone, nobody has to be waited for.


def test_trackers_do_not_hear_of_the_runs_of_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    tracker = ModuleType("a_tracker")

    @hookimpl
    def grasp_event(event: Mapping[str, Any]) -> None:
        heard.append(event["event"])

    tracker.grasp_event = grasp_event  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_tracker", tracker)
    with fresh(modules=["a_tracker"]) as plugins:
        plugins.emit({"event": "heard"})
        assert check_method("no-skills").ok
        plugins.emit({"event": "heard again"})
    assert heard == ["heard", "heard again"]


def test_a_check_that_raises_is_a_finding() -> None:
    def sound_case(case: None) -> list[Broken]:
        """Cases are sound."""
        raise ZeroDivisionError("oh")

    (finding,) = run_checks(None, [sound_case])
    assert (finding.check, finding.message) == ("sound-case", "it raised ZeroDivisionError: oh")
    assert "Cases are sound." in finding.remedy


def test_checks_that_can_not_be_made_never_count_as_passed() -> None:
    def blocked(case: None) -> list[Broken]:
        raise Blocked

    with pytest.raises(Blocked, match="blocked could not be made"):
        run_checks(None, [blocked])


def test_costs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = import_cost("openai")
    assert cost.heavy
    assert "openai" in [name for name, _ in cost.packages[:12]]
    assert [ms for _, ms in cost.packages] == sorted((ms for _, ms in cost.packages), reverse=True)
    assert not import_cost("grasp.plugins.builtin").heavy
