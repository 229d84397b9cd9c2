"""The paper's tables follow from its runs, and a wrong figure would be noticed."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.contracts import ConfigError
from grasp.results import Cell, Figure, cells, read_figures, read_published
from grasp.results.comparison import compare
from grasp.results.figures import Published
from grasp.results.printing import FIELDS, as_csv, as_latex, as_markdown, as_text, rows

REPOSITORY = Path(__file__).parents[3]
PAPER = REPOSITORY / "results" / "paper"
SHARED = REPOSITORY.parent / "shared" / "paper"

FIGURES = read_figures(PAPER / "scores.csv")
PUBLISHED = read_published(PAPER / "published.csv")


def figure(split: str, stage: str, score: float, **other: object) -> Figure:
    known = {
        "study": "main", "model": "gpt-4.1", "benchmark": "MedAgentBench", "writer": "gpt-4.1",
        "learned_on": "MedAgentBench", "method": "grasp", "run": "1", "epoch": None, **other,
    }  # fmt: skip
    return Figure(split=split, stage=stage, score=score, **known)  # type: ignore[arg-type]


def test_every_published_cell_is_found_again() -> None:
    found = compare(cells(FIGURES), PUBLISHED)
    assert (found.published, found.differing, found.missing) == (232, (), ())
    assert Counter(line.cell.table for line in found.lines if line.published) == {"1": 224, "5": 8}
    shown = {tuple(row[f] for f in FIELDS[:5]): row for row in rows(found)}
    for key, told in PUBLISHED.items():
        assert (shown[key]["mean_pct"], shown[key]["std_pct"]) == (told.mean, told.std)


def test_all_tables_are_there() -> None:
    count = Counter(cell.table for cell in cells(FIGURES))
    assert count == {"1": 224, "2": 32, "3": 24, "4": 27, "5": 8, "sensitivity": 27}


@pytest.mark.skipif(not SHARED.exists(), reason="the published figures are not beside the clone")
def test_the_figures_are_the_published_ones() -> None:
    with (SHARED / "scores.csv").open(newline="") as file:
        theirs = Counter(
            (r["benchmark"], r["split"], r["stage"], r["epoch"], f"{float(r['score']):.6f}")
            for r in csv.DictReader(file)
        )
    ours = Counter(
        (f.benchmark, f.split, f.stage, "" if f.epoch is None else str(f.epoch), f"{f.score:.6f}")
        for f in FIGURES
    )
    assert ours == theirs
    copied = (PAPER / "published.csv").read_text() == (SHARED / "published_tables.csv").read_text()
    assert copied


def test_the_rules() -> None:
    figures = [
        figure("val", "no_skills", 0.2),
        figure("val", "epoch", 0.5, epoch=0),
        figure("val", "epoch", 0.4, epoch=1),
        figure("test", "no_skills", 0.1),
        figure("test", "best", 0.6),
        figure("ood", "no_skills", 0.3),  # Nothing better: the run counts with it.
        figure("val", "epoch", 0.9, run="2", epoch=0),  # Has no test, so it doesn't count.
        figure("val", "no_skills", 0.4, method="expel"),
        figure("test", "no_skills", 0.3, method="expel"),
    ]
    found = {cell.key[3:]: cell for cell in cells(figures)}
    assert found["grasp", "val_best"].scores == (0.5,)
    assert found["grasp", "test"].scores == (0.6,)
    assert found["grasp", "ood"].scores == (0.3,)
    assert found["no_skills", "val_best"].scores == (0.2, 0.4)
    assert found["no_skills", "val_best"].mean == pytest.approx(30)
    assert found["no_skills", "val_best"].std == pytest.approx(14.142, abs=1e-3)
    assert found["expel", "test"].scores == (0.3,)
    assert ("expel", "val_best") not in found
    assert found["grasp", "test"].std is None


@pytest.mark.parametrize(
    ("mean", "std", "agrees"),
    [(50.0, None, True), (50.05, None, True), (50.06, None, False), (50.0, 0.0, False)],
)
def test_rounding_is_all_that_is_forgiven(mean: float, std: float | None, agrees: bool) -> None:
    cell = Cell("1", "m", "b", "grasp", "test", (0.5,))
    found = compare([cell], {cell.key: Published(mean, std)})
    assert found.holds is agrees


def test_a_published_cell_without_runs_is_missing() -> None:
    key = ("1", "m", "b", "grasp", "test")
    found = compare([], {key: Published(1.0, None)})
    assert (found.missing, found.holds) == ((key,), False)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (["5"], 8), (["Table5"], 8), (["table 1", "gpt-4.1"], 42), (["GPT-4.1"], 42 + 0),
        (["1", "FHIR-AgentBench"], 14), (["alfworld"], 2), (["2", "gpt-5.4-low"], 28),
    ],
)  # fmt: skip
def test_what_is_wanted(wanted: list[str], number: int) -> None:
    assert len(compare(cells(FIGURES), PUBLISHED, wanted).lines) == number


def test_what_there_is_not() -> None:
    with pytest.raises(ConfigError, match="gpt-9") as caught:
        compare(cells(FIGURES), PUBLISHED, ["gpt-9"])
    assert "sensitivity" in str(caught.value.hint)


def test_forms() -> None:
    found = compare(cells(FIGURES), PUBLISHED, ["5"])
    assert "  grasp      3     51.7 ± 7.6 [51.7 ± 7.6]" in as_text(found)
    line = "| gpt-oss-120b | alfworld | grasp | 3 | 51.7 ± 7.6 [51.7 ± 7.6] |"
    assert line in as_markdown(found)
    assert r"gpt-oss-120b & alfworld & no\_skills & 3 & 23.3 $\pm$ 2.9 \\" in as_latex(found)
    assert as_csv(found).splitlines()[:2] == [
        ",".join(FIELDS), "5,gpt-oss-120b,alfworld,no_skills,test,23.3,2.9",
    ]  # fmt: skip


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper = tmp_path / "paper"
    shutil.copytree(PAPER, paper)
    assert root._guarded(["reproduce", "--paper", str(paper), "1", "gpt-4.1", "--json"]) == 0
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)) == 42
    assert "42 published cells, 42 recomputed; 42 agree" in printed.err
    text = (paper / "published.csv").read_text()
    (paper / "published.csv").write_text(text.replace(",40.1,10.0", ",40.3,10.0"))
    assert root._guarded(["reproduce", "--paper", str(paper), "1", "gpt-4.1"]) == 1
    printed = capsys.readouterr()
    assert "40.1 ± 10.0 [40.3 ± 10.0 DIFFERS]" in printed.out
    assert "differs: 1, gpt-4.1, MedAgentBench, no_skills, val_best" in printed.out


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("main,m,b,m,b,grasp,1,val,epoch,x,1,2,,", "line 2: ValueError"),
        ("main,m,b,m,b,grasp,1,val,best,,1,0,,", "line 2: ZeroDivisionError"),
    ],
)
def test_a_malformed_figure_is_named(row: str, message: str, tmp_path: Path) -> None:
    head = (PAPER / "scores.csv").read_text().splitlines()[0]
    (tmp_path / "scores.csv").write_text(f"{head}\n{row}\n")
    with pytest.raises(ConfigError, match=message):
        read_figures(tmp_path / "scores.csv")


def test_without_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert root._guarded(["reproduce", "--paper", str(tmp_path)]) == 2
    assert "--paper" in capsys.readouterr().err
