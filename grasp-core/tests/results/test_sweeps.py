"""The ready sweep files make the rows of the paper that they are named after."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from grasp.results.figures import read_figures
from grasp.results.runs import BENCHMARKS, MODELS, row
from grasp.results.tables import AGENTBENCH, METHODS
from grasp.runs.config import load_config
from grasp.runs.sweepfile import SweepFile
from grasp.runs.transferfile import TransferFile

RESULTS = Path(__file__).parents[3] / "results"
ALL = sorted((RESULTS / "sweeps").glob("*.yaml"))
TRANSFERS = [f for f in ALL if f.stem in ("table-2", "table-3")]
FILES = [f for f in ALL if f not in TRANSFERS]


def read(file: Path) -> SweepFile:
    return SweepFile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_sweep_makes_its_row(file: Path) -> None:
    sweep = read(file)
    assert set(sweep.tasks) <= set(BENCHMARKS)
    assert set(sweep.agents) <= set(MODELS)
    assert len(sweep.seeds) == 3
    cycle = load_config(dict(sweep.config)).to_yaml_data()["cycle"]
    rows = {row(task, method, cycle) for task in sweep.tasks for method in sweep.methods}
    studies = {"table-1": "main", "table-4": "ablation", "table-5": "nonmedical"}
    study = studies.get(file.stem[:7], "sensitivity")
    name = "grasp" if study == "nonmedical" else file.stem.rpartition("-")[2]
    expected = {(study, m) for m in METHODS} if study == "main" else {(study, name)}
    assert rows == expected


def test_every_row_of_table_4_and_the_sweeps_has_a_file() -> None:
    figures = read_figures(RESULTS / "paper" / "scores.csv")
    rows = {f.method for f in figures if f.study in ("ablation", "sensitivity")}
    mine = {f.stem.rpartition("-")[2] for f in FILES if f.stem[:7] not in ("table-1", "table-5")}
    assert rows == mine


def test_table_5_has_a_file_for_each_environment() -> None:
    found = {t for f in FILES if f.stem.startswith("table-5") for t in read(f).tasks}
    assert {BENCHMARKS[task] for task in found} == set(AGENTBENCH)


@pytest.mark.parametrize("file", TRANSFERS, ids=lambda f: f.stem)
def test_a_transfer_is_of_runs_that_a_sweep_makes(file: Path) -> None:
    transfer = TransferFile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    made = [read(f) for f in FILES if f"runs/{f.stem}" in transfer.runs]
    assert len(made) == len(transfer.runs)
    learned_on = {task for sweep in made for task in sweep.tasks}
    assert set(transfer.learned_on) <= learned_on
    assert set(transfer.writers) <= {agent for sweep in made for agent in sweep.agents}
    pairs = {
        (f.writer, f.model) if file.stem == "table-2" else (f.learned_on, f.benchmark)
        for f in read_figures(RESULTS / "paper" / "scores.csv")
        if f.study == {"table-2": "transfer_model", "table-3": "transfer_benchmark"}[file.stem]
        and f.method == "grasp"
        and (file.stem == "table-2" or f.writer == f.model)
    }
    writers, agents = ([MODELS[a] for a in side] for side in (transfer.writers, transfer.agents))
    tasks, homes = ([BENCHMARKS[t] for t in side] for side in (transfer.tasks, learned_on))
    if file.stem == "table-2":
        assert pairs == {(w, a) for w in writers for a in agents if w != a}
    else:
        assert pairs == {(h, t) for h in homes for t in tasks if h != t}
