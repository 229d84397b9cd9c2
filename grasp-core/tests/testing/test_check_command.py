"""``grasp check`` as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.plugins import configure

from .installing import installed

HERE = Path(__file__).parent

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Check]:
    """Run ``grasp --plugin MODULE check ARGS`` beside the broken things."""
    monkeypatch.syspath_prepend(str(HERE))

    def run(module: str, *args: str) -> tuple[int, str, str]:
        code = root._guarded(["--plugin", module, "check", *args])
        out, err = capsys.readouterr()
        return code, out, err

    yield run
    configure()


def test_what_is_good_passes(check: Check) -> None:
    code, out, _ = check("broken.good_plugin", "walk", "--samples", "2")
    assert (code, out.splitlines()[-1]) == (0, "task walk: 33 checks, all passed")


def test_what_is_broken_is_told_with_its_remedy_in_80_columns(check: Check) -> None:
    module = "broken.tasks.ids_change_between_processes"
    code, out, _ = check(module, "hash-ids", "--samples", "2")
    assert code == 1
    assert out.startswith("error stable-ids\n  ids or their order differ in another process:")
    assert "  mend: derive ids from the data" in out
    assert out.splitlines()[-1] == "task hash-ids: 33 checks, 1 error"
    assert max(map(len, out.splitlines())) <= 80


def test_json_holds_every_finding(check: Check) -> None:
    code, out, _ = check("broken.plugins.no_such_class", "broken.plugins.no_such_class", "--json")
    report = json.loads(out)
    assert code == 1
    assert (report["kind"], report["ok"]) == ("plugin", False)
    assert set(report["findings"][0]) == {"check", "message", "remedy", "severity"}
    assert report["findings"][0]["check"] in report["checks"]


def test_a_warning_fails_only_if_strict(check: Check) -> None:
    module = "broken.plugins.no_summary"
    assert check(module, module)[0] == 0
    code, out, _ = check(module, module, "--strict")
    assert (code, out.splitlines()[-1]) == (1, f"plugin {module}: 7 checks, 1 warning")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["walkk"], "did you mean walk?"),
        (["walk", "--policy", "no.such:policy"], "there is no policy 'no.such:policy'"),
        (["grasp-core", "--samples", "3"], "--samples is for a task, not for a plugin"),
        (["paper", "-P", "penalty=zero", "-P", "lambda=2"], "has no parameter 'lambda'"),
    ],
)
def test_what_can_not_be_checked_is_refused(check: Check, arguments: list[str], said: str) -> None:
    code, out, err = check("broken.good_plugin", *arguments)
    assert code != 0
    assert said in out + err


def test_a_name_shared_with_its_distribution_is_the_thing(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {"grasp": {"walk": "broken.good_plugin"}}
    installed(monkeypatch, tmp_path, "walk", points, "grasp-core>=0.1,<1")
    code, out, _ = check("broken.good_plugin", "walk", "--samples", "1")
    assert (code, out) == (0, "task walk: 33 checks, all passed\n")
    assert "plugin walk: 7 checks" in check("broken.good_plugin", "walk", "--kind", "plugin")[1]


def test_parameters_reach_the_thing(check: Check) -> None:
    assert check("broken.good_plugin", "paper", "-P", "penalty=3")[0] == 0
