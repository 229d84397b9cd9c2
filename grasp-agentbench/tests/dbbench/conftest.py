"""What the tests of this folder share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from grasp_agentbench.dbbench.records import Record, read_records
from grasp_agentbench.dbbench.task import DBBench

#: The official files, where they are at hand.
OFFICIAL = Path(__file__).parents[4] / "shared/benchdata/agentbench/dbbench"


@pytest.fixture(autouse=True)
def no_pulled_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Official files that a developer has pulled change no test."""
    home = tmp_path / "data"
    monkeypatch.setenv("GRASP_DATA", str(home))
    return home


@pytest.fixture(scope="session")
def official() -> list[Record]:
    if not OFFICIAL.is_dir():
        pytest.skip("the official data is not at ../shared")
    return read_records([OFFICIAL / "standard.jsonl", OFFICIAL / "dev.jsonl"])


@pytest.fixture(scope="session")
def records() -> Mapping[str, Record]:
    task = DBBench(source="synthetic")
    return {str(r["id"]): dict(r) for s in ("dev", "val", "test") for r in task.samples(s)}
