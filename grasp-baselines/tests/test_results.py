"""The recorded run of batch memory under results/ comes to the same end again, offline."""

from __future__ import annotations

from pathlib import Path

import pytest

from grasp.plugins import load_task
from grasp.results.findings import compare_sides
from grasp.results.outcomes import read_side
from grasp.runs.journal import read_journal
from grasp.runs.replay import replay

RESULTS = Path(__file__).parents[2] / "results"
RUN = RESULTS / "batch-memory"
pytestmark = pytest.mark.skipif(not RUN.exists(), reason="results/ is not beside the package")


def test_the_recorded_run_replays(tmp_path: Path) -> None:
    again = replay(RUN, load_task, tmp_path / "again")
    assert again.same_library
    assert again.same_scores

    def decided(run: Path) -> list[dict[str, object]]:
        events = read_journal(run / "journal.jsonl")
        return [{k: v for k, v in e.items() if k != "time"} for e in events]

    assert decided(tmp_path / "again") == decided(RUN)


def test_the_comparison_of_two_runs_is_what_the_docs_say() -> None:
    (found,) = compare_sides([read_side(RUN), read_side(RESULTS / "quickstart")])
    assert (found.split, found.result.n, found.verdict) == ("test", 16, "better")
    assert found.effect.delta == pytest.approx(15 / 16)


def test_no_place_of_a_machine_is_in_it() -> None:
    for name in ("config.yaml", "journal.jsonl", "scores.json"):
        text = (RUN / name).read_text(encoding="utf-8")
        assert "/home" not in text
        assert "/tmp" not in text
