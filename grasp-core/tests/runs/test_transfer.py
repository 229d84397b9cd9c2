"""``grasp transfer``: libraries of finished runs act elsewhere, and go on where they stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.results.runs import figures_of
from grasp.runs import transfer as module
from grasp.runs.transfer import SUFFIX, transfers_in

SWEEP = """\
tasks: [medagentbench-quickstart]
agents: [scripted]
seeds: [1, 2]
config: {cycle: {epochs: 1, batch_size: 20, concurrency: 2}}
"""
FILE = """\
runs: [runs/learned]
tasks: [medagentbench-quickstart, medagentbench-magnesium]
agents: [scripted]
splits: [val, test]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("grasp_medagentbench")
    monkeypatch.chdir(tmp_path)
    Path("learned.yaml").write_text(SWEEP)
    Path("away.yaml").write_text(FILE)
    assert root._guarded(["sweep", "learned.yaml"]) == 0
    return tmp_path


def test_libraries_meet_what_they_were_not_learned_with(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    assert root._guarded(["transfer", "away.yaml", "--plan"]) == 0
    # The runs' own task is theirs already, and the other one has no test split.
    assert capsys.readouterr().out.count("to do") == 2
    assert root._guarded(["transfer", "away.yaml", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(r["task"], r["learned_on"], r["seed"], r["split"]) for r in rows] == [
        ("medagentbench-magnesium", "medagentbench-quickstart", seed, "val") for seed in (1, 2)
    ]
    assert all(0 <= r["accuracy"] <= 1 and r["total"] == 10 for r in rows)
    assert len(transfers_in(folder / "runs" / "away")) == 2

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it is made already")

    monkeypatch.setattr(module, "evaluate", never)
    assert root._guarded(["transfer", "away.yaml"]) == 0
    assert capsys.readouterr().out.count("finished") == 2


def test_tables_are_made_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root._guarded(["transfer", "away.yaml"]) == 0
    for file in (folder / "runs" / "away").rglob(f"*{SUFFIX}"):
        data = json.loads(file.read_text())
        data["transfer"] |= {
            "task": "medagentbench", "learned_on": "medagentbench", "writer": "gemini",
            "agent": "gptoss", "split": "test",
        }  # fmt: skip
        file.write_text(json.dumps(data))
    capsys.readouterr()
    paper = Path(__file__).parents[3] / "results" / "paper"
    command = ["reproduce", "runs/away", "--paper", str(paper), "--json"]
    assert root._guarded(command) == 0
    (cell,) = json.loads(capsys.readouterr().out)
    assert (cell["table"], cell["model"]) == ("2", "gemini-3.1-flash-lite -> gpt-oss-120b")
    # A folder that holds runs too is read as both.
    learned, away = (figures_of([Path("runs") / name]) for name in ("learned", "away"))
    both = figures_of([Path("runs")])
    assert len(learned) > 0
    assert sorted(map(str, both)) == sorted(map(str, [*learned, *away]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FILE.replace("runs/learned", "nowhere"), "no run in nowhere"),
        (FILE + "writers: [gpt5]\n", "none of the 2 runs"),
        (FILE.replace("magnesium", "magnesia"), "magnesia"),
        (FILE + "rusn: [a]\n", "rusn"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    Path("away.yaml").write_text(text)
    assert root._guarded(["transfer", "away.yaml"]) != 0
    assert message in capsys.readouterr().err


def test_a_damaged_result_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root._guarded(["transfer", "away.yaml"]) == 0
    next((folder / "runs" / "away").rglob(f"*{SUFFIX}")).write_text("{")
    assert root._guarded(["transfer", "away.yaml"]) != 0
    assert "remove it" in capsys.readouterr().err
