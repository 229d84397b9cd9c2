"""``grasp sweep``: every combination, one budget, one table; the same command goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.runs.sweep import COLUMNS, combinations, paid_calls, read_sweep

FILE = """\
tasks: [medagentbench-magnesium]
methods: [no-skills, batch-memory]
agents: [scripted]
seeds: [1, 2]
config: {cycle: {epochs: 1, concurrency: 2}}
method_params: {batch-memory: {max_bullets: 5}}
"""


def sweep(folder: Path, text: str, *more: str) -> int:
    file = folder / "sweep.yaml"
    file.write_text(text)
    return root._guarded(["sweep", str(file), "--out", str(folder / "out"), *more])


def test_a_sweep_and_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(tmp_path, FILE, "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(r["method"], r["seed"]) for r in rows} == {
        (m, s) for m in ("no-skills", "batch-memory") for s in (1, 2)
    }
    with (tmp_path / "out" / "results.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert len(table) == len(rows)
    assert all(0 <= float(r["accuracy"]) <= 1 for r in table)
    config = (tmp_path / "out" / rows[-1]["run"] / "config.yaml").read_text()
    assert "max_bullets: 5" in config
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("calls.sqlite")}
    assert sweep(tmp_path, FILE) == 0  # Nothing is left to do.
    assert capsys.readouterr().out.count("finished") == 4
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_one_budget_for_all_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = combinations(read_sweep(_written(tmp_path)))
    limit = 40
    assert sweep(tmp_path, f"{FILE}budget: {{calls: {limit}}}\n") == 3
    assert "budget.calls" in capsys.readouterr().err
    assert sum(paid_calls(tmp_path / "out" / r.folder) for r in runs) == limit
    assert sweep(tmp_path, f"{FILE}budget: {{calls: 100000}}\n") == 0
    once = sum(paid_calls(tmp_path / "out" / r.folder) for r in runs)
    other = tmp_path / "other"
    other.mkdir()
    assert sweep(other, FILE) == 0
    assert once == sum(paid_calls(other / "out" / r.folder) for r in runs)


def test_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(tmp_path, FILE, "--plan") == 0
    assert capsys.readouterr().out.count("to do") == 4
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tasks: []\nagents: [scripted]\n", "tasks"),
        (FILE + "sedes: [1]\n", "sedes"),
        (FILE.replace("no-skills", "no-skil"), "no-skil"),
        (FILE.replace("magnesium", "magnesia"), "magnesia"),
        (FILE + "budget: {tokens: 5}\n", "calls only"),
        (FILE.replace("epochs: 1", "epoch: 1"), "epoch"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(tmp_path, text) in (1, 2)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def _written(folder: Path) -> Path:
    file = folder / "plan.yaml"
    file.write_text(FILE)
    return file
