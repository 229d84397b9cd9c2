"""The ready sweep files make the rows of the paper that they are named after."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from grasp.results.figures import read_figures
from grasp.results.runs import BENCHMARKS, MODELS, row
from grasp.results.tables import METHODS
from grasp.runs.config import load_config
from grasp.runs.sweep import SweepFile

RESULTS = Path(__file__).parents[3] / "results"
FILES = sorted((RESULTS / "sweeps").glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_sweep_makes_its_row(file: Path) -> None:
    sweep = SweepFile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert set(sweep.tasks) <= set(BENCHMARKS)
    assert set(sweep.agents) <= set(MODELS)
    assert len(sweep.seeds) == 3
    cycle = load_config(dict(sweep.config)).to_yaml_data()["cycle"]
    rows = {row(task, method, cycle) for task in sweep.tasks for method in sweep.methods}
    study = {"table-1": "main", "table-4": "ablation"}.get(file.stem[:7], "sensitivity")
    name = file.stem.rpartition("-")[2]
    expected = {(study, m) for m in METHODS} if study == "main" else {(study, name)}
    assert rows == expected


def test_every_row_of_table_4_and_the_sweeps_has_a_file() -> None:
    figures = read_figures(RESULTS / "paper" / "scores.csv")
    rows = {f.method for f in figures if f.study in ("ablation", "sensitivity")}
    assert rows == {f.stem.rpartition("-")[2] for f in FILES if f.stem != "table-1"}
