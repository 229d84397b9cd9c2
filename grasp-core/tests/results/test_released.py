"""A tree in the released layout gives the figures it was made of, and the published cells."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
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


FOLDERS = {"main": "main", "ablation": "ablations"}
SOURCES = {
    ("gpt-oss-120b", "MedAgentBench"): "mab",
    ("gpt-5.4-low", "MedAgentBench"): "mab5",
    ("gpt-oss-120b", "MedAgentBench-v2"): "mabv2",
    ("gpt-oss-120b", "FHIR-AgentBench"): "fhir",
    ("gpt-oss-120b", "dbbench"): "dbbench",
}
MODELS = {"gpt-oss-120b": "oss", "gemini-3.1-flash-lite": "gemini", "gpt-5.4-low": "gpt54"}


def lay_out(tree: Path, figures: list[Figure]) -> None:
    """Write figures as the release lays them out."""
    curves: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    tests: dict[Path, dict[str, Any]] = defaultdict(dict)
    for f in figures:
        row = {"score": f.score, "n_correct": None, "n_total": None}
        if f.study.startswith("transfer"):
            transfer(tree, f, row, tests)
            continue
        code = CODES.get(f.method, f.method)
        run = {
            "main": tree / "main" / f.model / f.benchmark / code / f.run,
            "nonmedical": tree / "nonmedical" / f.benchmark / f.run,
        }.get(f.study, tree / FOLDERS.get(f.study, f.study) / code / f.run)
        arm = "best" if f.stage == "best" else "baseline"
        if f.split == "val":
            curves[run].append({**row, "epoch": "baseline" if f.epoch is None else f.epoch})
        elif f.study == "nonmedical":
            write(run / f"test_score_{arm}.json", row)
        else:
            name = "id_test" if f.split == "test" else "test"
            tests[run / "test_scores.json"][f"{name}_eval_{arm}"] = row
    for run, rows in curves.items():
        write(run / "val_scores.json", rows)
    for file, data in tests.items():
        write(file, data)


def transfer(tree: Path, f: Figure, row: dict[str, Any], both: dict[Path, dict[str, Any]]) -> None:
    """Write one figure of a transfer; ``both`` takes those whose splits share a file."""
    executor, medical = MODELS[f.model], f.benchmark.startswith("MedAgentBench")
    name = "id_test" if f.split == "test" and medical else "test"
    short = {"test": "id", "ood": "ood"}[f.split]
    folder = tree / "transfer" / "cross_benchmark" / f.benchmark
    if f.study == "transfer_model":
        folder = tree / "transfer" / "cross_model" / f"{executor}-executor"
        if f.method != "grasp":
            code = "memory" if f.method == "sequential_memory" else f.method
            file = folder / f"gpt54-to-{executor}-{code}-seed{int(f.run)}" / "scores.json"
            both[file][name] = f.score
            return
        folder /= f"{MODELS[f.writer]}-{f.run}-to-{executor}-{short}"
    elif f.method == "no_skills":
        folder /= "base_test"
    elif f.learned_on == "os":
        folder /= f"os_{short}_test" if medical else "os_test"
    else:
        source = SOURCES[f.writer, f.learned_on]
        folder /= f"{source}-{f.run}-{short}-test" if medical else f"{source}-{f.run}-test"
    write(folder / f"{name}_score.json", row)


@pytest.fixture(scope="module")
def released() -> list[Figure]:
    # Early trials are "other": nothing says what they are.
    return [f for f in read_figures(PAPER / "scores.csv") if f.study != "other"]


@pytest.fixture(scope="module")
def tree(released: list[Figure], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "results"
    lay_out(folder, released)
    return folder


def test_every_figure_comes_back(tree: Path, released: list[Figure]) -> None:
    found = read_released(tree)
    assert found.skipped == ()
    assert Counter(found.figures) == Counter(released)


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
    file = next(tree.glob("main/gpt-4.1/MedAgentBench/skill_cycle/*/test_scores.json"))
    whole = file.read_text()
    wrong = {"n_correct": 1, "n_total": 64, "score": 1.0}
    file.write_text(json.dumps({**json.loads(whole), "id_test_eval_best": wrong}))
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


def test_scores_in_folders_of_their_own(tmp_path: Path) -> None:
    run = tmp_path / "ablations" / "no_cluster" / "run_001"
    write(run / "baseline" / "val_score.json", {"n_correct": 1, "n_total": 4})
    write(run / "val_scores.json", [{"epoch": 0, "score": 0.5}])
    write(run / "test_eval_best" / "test_score.json", {"n_correct": 3, "n_total": 4})
    found = read_released(tmp_path).figures
    assert {(f.study, f.model, f.benchmark, f.method) for f in found} == {
        ("ablation", "gpt-oss-120b", "MedAgentBench", "no_cluster")
    }
    assert {(f.split, f.stage, f.epoch, f.score) for f in found} == {
        ("val", "no_skills", None, 0.25), ("val", "epoch", 0, 0.5), ("ood", "best", None, 0.75),
    }  # fmt: skip


def test_what_can_not_be_placed_is_counted(tmp_path: Path) -> None:
    write(tmp_path / "transfer" / "a" / "mabv2-004-test-old" / "test_score.json", {"score": 1})
    write(tmp_path / "trials" / "run_001" / "val_scores.json", [])
    write(tmp_path / "main" / "m" / "Unheard" / "grasp" / "run_001" / "val_scores.json", [])
    write(tmp_path / "main" / "m" / "val_scores.json", [])
    reasons = [reason for _, reason in read_released(tmp_path).skipped]
    assert len(reasons) == 4
    assert any("no known benchmark: Unheard" in r for r in reasons)
    assert any("not of a study" in r for r in reasons)
    assert any("does not say whose library" in r for r in reasons)


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
