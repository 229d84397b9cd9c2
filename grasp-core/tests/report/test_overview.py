"""The page of a folder of runs: ``grasp report SWEEP``."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from grasp.cli import main as root
from grasp.report.html.overview import overview

from ..toys import Model, run_toy

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs of one method, one that stopped, and one that is damaged."""
    folder = tmp_path_factory.mktemp("overview") / "sweep"
    for seed in (1, 2):
        run_toy(folder / "toy" / "grasp" / f"seed-{seed}", Model(), seed=seed)
    run_toy(folder / "toy" / "short" / "seed-1", Model(), run={"config": {"budget": {"calls": 5}}})
    damaged = folder / "toy" / "damaged"
    damaged.mkdir()
    (damaged / "config.yaml").write_text("a: [")
    return folder


@pytest.fixture
def copy(sweep: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sweep, tmp_path / "sweep"))


def report(*arguments: object) -> int:
    return root._guarded(["report", *map(str, arguments)])


def test_runs_stand_by_task_and_method(sweep: Path) -> None:
    groups = overview(sweep)
    ((method,),) = [group.methods for group in groups if group.task]
    assert method.name == "grasp"
    assert [run.state for run in method.runs] == ["finished", "finished", "unfinished"]
    assert method.curve[0][0] == -1
    learned, spread = method.scores["test", "learned"]
    assert 0 < learned <= 1
    assert spread is not None
    (damaged,) = [run for g in groups if not g.task for m in g.methods for run in m.runs]
    assert "can't read" in damaged.state


def test_what_follows_is_told(sweep: Path) -> None:
    (group,) = [group for group in overview(sweep) if group.task]
    assert any(what == "grasp, test" and "points" in text for what, text in group.known)


def test_one_page_and_one_for_each_run(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(copy) == 0
    told = capsys.readouterr()
    assert told.out.count("report.html") == 5
    page = (copy / "report.html").read_text()
    links = re.findall(r'<td><a href="([^"]+)">', page)
    assert len(links) == 4
    assert all((copy / link).is_file() for link in links)
    assert "4 runs, 2 finished" in page
    assert "http" not in page.replace("http-equiv", "")


def test_elsewhere_and_alone(copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "page.html"
    out.parent.mkdir()
    assert report(copy, "--out", out) == 0
    links = re.findall(r'<td><a href="([^"]+)">', out.read_text())
    assert all((out.parent / link).is_file() for link in links)
    assert report(copy, "--no-runs", "--out", out) == 0
    assert "<td><a" not in out.read_text()


def test_no_text_can_break_it(copy: Path) -> None:
    for file in copy.rglob("config.yaml"):
        if "damaged" not in str(file):
            data = yaml.safe_load(file.read_text())
            file.write_text(yaml.safe_dump({**data, "task": EVIL, "agent": EVIL, "method": EVIL}))
    assert report(copy, "--no-runs") == 0
    page = (copy / "report.html").read_text()
    assert EVIL not in page
    assert page.count("&lt;script&gt;alert") > 5


def test_a_folder_without_runs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(tmp_path) != 0
    assert "no run in" in capsys.readouterr().err
