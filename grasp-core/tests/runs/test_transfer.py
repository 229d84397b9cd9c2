"""``grasp transfer``: libraries of finished runs act elsewhere, and go on where they stopped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.results.runs import figures_of
from grasp.runs import transfer as module
from grasp.runs.transfer import transfers_in
from grasp.runs.transferfile import SUFFIX

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
        (FILE.replace("scripted", "scriptd"), "did you mean scripted"),
        (FILE.replace("[scripted]", "[scripted, scripted]"), "agents has scripted twice"),
        (FILE + "task_params: {medagentbench-magnesium: {sed: 1}}\n", "'sed'"),
        (FILE + "task_params: {medagentbench: {}}\n", "task_params has medagentbench"),
        (FILE + "config: {method: expel}\n", "choose among them with methods"),
        (FILE + "config: {budget: {calls: 3}}\n", "config.budget would be ignored"),
        (FILE + "config: {cycle: {epochs: 1}}\n", "config.cycle.epochs would be ignored"),
        (FILE + "config: {grpo_k: 1}\n", "config.grpo_k would be ignored"),
        (FILE + "config: {writer: scripted}\n", "config.writer would be ignored"),
        (FILE + "config: {cycle: 3}\n", "config: cycle is not a mapping"),
        (FILE.replace("[val, test]", "[val, tset]"), "the split 'tset'"),
        ("runs: [", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    Path("away.yaml").write_text(text)
    for how in ((), ("--plan",)):
        assert root._guarded(["transfer", "away.yaml", *how]) != 0
        said = capsys.readouterr().err
        assert message in said
        assert "Hint: " in said
        assert "this is a bug" not in said
    assert not (folder / "runs" / "away").exists()


def test_a_damaged_result_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root._guarded(["transfer", "away.yaml"]) == 0
    next((folder / "runs" / "away").rglob(f"*{SUFFIX}")).write_text("{")
    assert root._guarded(["transfer", "away.yaml"]) != 0
    assert "remove it" in capsys.readouterr().err


def test_changed_settings_are_noticed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root._guarded(["transfer", "away.yaml"]) == 0
    params = "task_params: {medagentbench-magnesium: {cohort_seed: 1}}\n"
    Path("away.yaml").write_text(FILE + params)
    capsys.readouterr()
    for how in ((), ("--plan",)):
        assert root._guarded(["transfer", "away.yaml", *how]) == 2
        said = capsys.readouterr().err
        assert "task_params.cohort_seed was None, is 1" in said
        assert "Hint: set them back" in said
    # What changes no answer may change, and older files say nothing of settings.
    Path("away.yaml").write_text(FILE + "config: {cycle: {concurrency: 1}}\n")
    assert root._guarded(["transfer", "away.yaml"]) == 0
    for file in (folder / "runs" / "away").rglob(f"*{SUFFIX}"):
        data = json.loads(file.read_text())
        del data["settings"]
        file.write_text(json.dumps(data))
    Path("away.yaml").write_text(FILE + params)
    assert root._guarded(["transfer", "away.yaml"]) == 0


def test_what_is_damaged_is_found_before_anything_is_paid(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = sorted(p.parent for p in (folder / "runs" / "learned").rglob("config.yaml"))
    skills = runs[1] / "skills" / "final"
    skills.rename(skills.with_name("lost"))
    assert root._guarded(["transfer", "away.yaml"]) == 1
    assert "no skill library at" in capsys.readouterr().err
    assert not list((folder / "runs" / "away").rglob("*.sqlite"))
    skills.with_name("lost").rename(skills)
    (runs[1] / "config.yaml").write_text("cycle: 3\ntask: t\nmethod: grasp\n")
    assert root._guarded(["transfer", "away.yaml"]) == 1
    said = capsys.readouterr().err
    assert "has no seed in cycle" in said
    assert "Hint: restore it" in said


def test_two_runs_alike_are_not_taken_for_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("away.yaml").write_text(FILE.replace("[runs/learned]", "[runs/learned, runs]"))
    assert root._guarded(["transfer", "away.yaml", "--plan"]) == 0  # The same folders.
    shutil.copytree("runs/learned", "runs/other")
    assert root._guarded(["transfer", "away.yaml", "--plan"]) == 1
    assert "the same task, agent, method and seed" in capsys.readouterr().err


def test_a_place_that_can_not_be_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root._guarded(["transfer", "away.yaml", "--out", "/proc/nope"]) == 1
    assert "Hint: choose another folder" in capsys.readouterr().err
    # So does an evaluation whose folder is barred.
    blocked = folder / "runs" / "away" / "medagentbench-magnesium"
    blocked.parent.mkdir()
    blocked.touch()
    assert root._guarded(["transfer", "away.yaml"]) == 1
    assert "Hint: choose another folder" in capsys.readouterr().err
