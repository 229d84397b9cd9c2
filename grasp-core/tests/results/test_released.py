"""A tree in the released layout gives the figures it was made of, and the published cells."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from grasp.cli import main as root
from grasp.contracts import RunError
from grasp.results import Figure, read_figures
from grasp.results.released import METHODS, read_released

PAPER = Path(__file__).parents[3] / "results" / "paper"
CODES = {name: code for code, name in METHODS.items()}


def write(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def lay_out(tree: Path, figures: list[Figure]) -> None:
    """Write figures as the release lays them out."""
    curves: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    for f in figures:
        run = tree / f.study / f.model / f.benchmark / CODES.get(f.method, f.method) / f.run
        row = {"score": f.score, "split": f.split}
        if f.split == "val" and f.stage == "epoch":
            curves[run].append({**row, "epoch": f.epoch})
        elif f.split == "val":
            write(run / "baseline" / "val_score.json", row)
        else:
            two = f.benchmark.startswith("MedAgentBench") or f.study == "main"
            name = "id_test" if f.split == "test" and two else "test"
            arm = "best" if f.stage == "best" else "baseline"
            write(run / f"{name}_eval_{arm}" / "test_score.json", row)
    for run, rows in curves.items():
        write(run / "val_scores.json", rows)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "results"
    wanted = ("main", "nonmedical")
    lay_out(folder, [f for f in read_figures(PAPER / "scores.csv") if f.study in wanted])
    return folder


def test_the_published_tables_come_out(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "imported.csv"
    assert root._guarded(["results", "import", str(tree), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["skipped"] == {}
    assert told["figures"] == len(read_figures(out)) > 1000
    assert root._guarded(["reproduce", "--scores", str(out), "--paper", str(PAPER)]) == 0
    assert "232 published cells" in capsys.readouterr().out


def test_a_wrong_score_would_be_noticed(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next(tree.glob("main/gpt-4.1/MedAgentBench/grasp/*/id_test_eval_best/test_score.json"))
    whole = file.read_text()
    file.write_text(json.dumps({"n_correct": 1, "n_total": 64, "score": 1.0}))
    out = tmp_path / "imported.csv"
    try:
        assert root._guarded(["results", "import", str(tree), "--out", str(out)]) == 0
        assert root._guarded(["reproduce", "--scores", str(out), "--paper", str(PAPER)]) == 1
    finally:
        file.write_text(whole)
    assert "differs: 1, gpt-4.1, MedAgentBench, grasp, test" in capsys.readouterr().out


def test_one_study_and_either_order(tmp_path: Path) -> None:
    run = tmp_path / "main" / "FHIR-AgentBench" / "gptoss" / "memory_cycle" / "run_001"
    write(run / "id_test_eval_best" / "test_score.json", {"n_correct": 3, "n_total": 4})
    for folder in (tmp_path, tmp_path / "main"):
        (figure,) = read_released(folder).figures
        assert (figure.model, figure.benchmark) == ("gpt-oss-120b", "FHIR-AgentBench")
        assert (figure.method, figure.split, figure.score) == ("sequential_memory", "test", 0.75)


def test_what_can_not_be_placed_is_counted(tmp_path: Path) -> None:
    write(tmp_path / "transfer" / "a" / "run_001" / "val_scores.json", [])
    write(tmp_path / "main" / "m" / "Unheard" / "grasp" / "run_001" / "val_scores.json", [])
    write(tmp_path / "main" / "m" / "val_scores.json", [])
    reasons = [reason for _, reason in read_released(tmp_path).skipped]
    assert len(reasons) == 3
    assert any("no known benchmark: Unheard" in r for r in reasons)
    assert any("not of a study" in r for r in reasons)


@pytest.mark.parametrize("content", ["{", "[1]", '[{"epoch": 0}]', '[{"score": 0.5}]'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "main" / "m" / "os" / "grasp" / "run_001" / "val_scores.json"
    write(file, [])
    file.write_text(content)
    with pytest.raises(RunError, match=r"val_scores\.json"):
        read_released(tmp_path)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run in"):
        read_released(tmp_path)
    with pytest.raises(RunError, match="there is no folder"):
        read_released(tmp_path / "none")
