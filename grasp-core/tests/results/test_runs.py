"""Runs of this software stand in the paper's tables under the paper's names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from grasp.cli import main as root
from grasp.contracts import RunError
from grasp.methods.settings import CycleSettings
from grasp.results import cells, read_published
from grasp.results.runs import figures_of, row

from ..toys import Model, run_toy

PAPER = Path(__file__).parents[3] / "results" / "paper"


@pytest.mark.parametrize(
    ("task", "method", "cycle", "place"),
    [
        ("medagentbench", "grasp", {}, ("main", "grasp")),
        ("medagentbench", "grasp", {"seed": 3, "concurrency": 9}, ("main", "grasp")),
        ("medagentbench", "sequential-memory", {"batch_size": 1}, ("main", "sequential_memory")),
        ("agentbench-os", "grasp", {"batch_size": 8}, ("nonmedical", "grasp")),
        ("medagentbench", "grasp", {"batch_size": 24}, ("sensitivity", "b24")),
        ("medagentbench", "grasp", {"probe_size": 72}, ("sensitivity", "n72")),
        ("medagentbench", "grasp", {"candidates": 1}, ("sensitivity", "k1")),
        ("medagentbench", "grasp", {"invalid_action_penalty": 4.0}, ("sensitivity", "lam4")),
        ("medagentbench", "grasp", {"no_gate": True}, ("ablation", "no_gate_k4")),
        ("medagentbench", "grasp", {"no_gate": True, "candidates": 1}, ("ablation", "no_gate_k1")),
        ("medagentbench", "grasp", {"regression_gate": False}, ("ablation", "no_reggate")),
        ("medagentbench", "grasp", {"blind_select": "random"}, ("ablation", "blind_random")),
        ("medagentbench", "grasp", {"gate": "confirm"}, ("ablation", "gate=confirm")),
        ("medagentbench", "grasp", {"epochs": 2, "cluster": False},
         ("ablation", "cluster=False, epochs=2")),
    ],
)  # fmt: skip
def test_rows(task: str, method: str, cycle: dict[str, object], place: tuple[str, str]) -> None:
    assert row(task, method, cycle) == place


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    for seed in (1, 2):
        run_toy(folder / "grasp" / f"seed-{seed}", Model(), seed=seed)
    run_toy(folder / "nothing", Model(lambda p, c: []), seed=3)
    return folder


def test_a_folder_of_runs_becomes_cells(sweep: Path) -> None:
    found = {(c.method, c.column): c for c in cells(figures_of([sweep]))}
    (method,) = {m for m, _ in found if m not in ("no_skills", "grasp")}
    assert method.startswith("batch_size=6")  # The toy's settings are not the paper's.
    test = found[method, "test"]
    # A run that learned nothing counts with its evaluation without skills.
    assert sorted(test.scores) == [pytest.approx(2 / 6), 1.0, 1.0]


def test_the_command_puts_them_beside_the_papers(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "r"
    run_toy(run, Model())
    config = yaml.safe_load((run / "config.yaml").read_text())
    config |= {"task": "medagentbench", "agent": "gptoss", "cycle": CycleSettings().model_dump()}
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    arguments = ["reproduce", str(run), "--paper", str(PAPER)]
    assert root._guarded(arguments) == 0
    said = capsys.readouterr().out
    assert "gpt-oss-120b, MedAgentBench" in said
    told = read_published(PAPER / "published.csv")[
        "1", "gpt-oss-120b", "MedAgentBench", "grasp", "test"
    ]
    assert f"100.0 [{told.mean} ± {told.std}]" in said
    assert "DIFFERS" not in said
    assert "stand beside the paper's" in said
    assert root._guarded([*arguments, "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    shown = {(r["method"], r["column"]): r["mean_pct"] for r in rows}
    assert (shown["grasp", "test"], shown["no_skills", "test"]) == (100.0, 33.3)


def test_what_is_no_finished_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run in"):
        figures_of([tmp_path])
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "config.yaml").write_text("task: x\n")
    with pytest.raises(RunError, match="is not finished"):
        figures_of([tmp_path])
