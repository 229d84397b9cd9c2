"""Plots show the journal's numbers; drawing is tested where matplotlib is."""

from __future__ import annotations

import statistics
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from grasp.cli import main as root
from grasp.contracts import ConfigError, RunError
from grasp.report import plots
from grasp.report.series import curve, gate, sensitivity
from grasp.results import cells, read_figures
from grasp.results.tables import Cell
from grasp.runs.journal import read_journal

from ..toys import Model, add, run_toy

PAPER = Path(__file__).parents[3] / "results" / "paper"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plots")
    run_toy(folder / "a" / "1", Model())
    run_toy(folder / "a" / "2", Model(lambda p, c: [add("red")]))
    return folder


def events(run: Path) -> list[dict[str, object]]:
    return list(read_journal(run / "journal.jsonl"))


def test_a_curve_of_one_run_has_wilsons_interval(runs: Path) -> None:
    marks = curve("x", [events(runs / "a" / "1")]).marks
    assert [m.x for m in marks] == [-1, 0, 1]
    assert marks[0].y == pytest.approx(100 * 2 / 6)
    assert (marks[0].low, marks[0].high) == (
        pytest.approx(9.68, abs=0.01),
        pytest.approx(70, abs=0.1),
    )


def test_a_curve_of_several_runs_has_their_deviation(runs: Path) -> None:
    both = [events(runs / "a" / "1"), events(runs / "a" / "2")]
    ends = [curve("x", [one]).marks[-1].y for one in both]
    last = curve("x", both).marks[-1]
    assert last.y == pytest.approx(statistics.fmean(ends))
    assert last.high - last.y == pytest.approx(statistics.stdev(ends))


def test_the_gates_plot_has_every_probed_candidate(runs: Path) -> None:
    log = events(runs / "a" / "1")
    accepted, others = gate(log)
    probed = [c for e in log if e["event"] == "update" for c in e.get("candidates", ())  # type: ignore[attr-defined]
              if c["statistics"]["n"]]  # fmt: skip
    assert len(accepted.marks) + len(others.marks) == len(probed)
    assert len(accepted.marks) == sum(c["verdict"] == "accept" for c in probed)
    assert sorted(m.y for m in (*accepted.marks, *others.marks)) == pytest.approx(
        sorted(100 * c["statistics"]["delta"] for c in probed)
    )


def test_the_papers_sweeps() -> None:
    panels = sensitivity(cells(read_figures(PAPER / "scores.csv")))
    assert {name: [m.x for m in series[0].marks] for name, series in panels.items()} == {
        "batch size B": [24, 48, 96],
        "probe size N": [16, 36, 72],
        "candidates K": [1, 4, 8],
        "penalty λ": [1, 2, 4],
    }
    own = {series[1].marks[1 if len(series[1].marks) == 3 else 0].y for series in panels.values()}
    assert len(own) == 1  # The published setting is the same in every panel.


def test_what_can_not_be_drawn_is_told(runs: Path) -> None:
    with pytest.raises(RunError, match="no validation"):
        curve("x", [[]])
    with pytest.raises(RunError, match="no candidate was probed"):
        gate([])
    with pytest.raises(RunError, match="no sweep"):
        sensitivity([])
    two = [Cell("sensitivity", m, "b", "k1", "test", (0.5,)) for m in ("one", "two")]
    with pytest.raises(RunError, match="several places: one on b, two on b"):
        sensitivity(two)
    with pytest.raises(ConfigError, match="can't draw"):
        plots.check(Path("x.gif"))
    with pytest.raises(RunError, match="no folder"):
        plots.check(runs / "no" / "x.svg")


@pytest.mark.parametrize("what", ["curve", "gate", "sensitivity"])
def test_files(what: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra [plot]; nox -s report")
    named = [] if what == "sensitivity" else [str(runs / "a" / "1")]
    for out in (tmp_path / "x.svg", tmp_path / "again.svg", tmp_path / "x.png"):
        arguments = ["plot", *named, "--what", what, "--out", str(out), "--paper", str(PAPER)]
        assert root._guarded(arguments) == 0, capsys.readouterr().err
    assert ElementTree.parse(tmp_path / "x.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "x.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_says_what_is_missing(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra [plot]; nox -s report")
    assert root._guarded(["plot", "--out", str(tmp_path / "x.png")]) == 2
    assert "name a run" in capsys.readouterr().err
    assert (
        root._guarded(["plot", str(runs), "--what", "gate", "--out", str(tmp_path / "x.png")]) == 1
    )
    assert "draws one run" in capsys.readouterr().err
