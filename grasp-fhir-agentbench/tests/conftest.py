"""What the tests of this folder share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from grasp_fhir_agentbench.records import Record
from grasp_fhir_agentbench.task import FhirAgentBench


@pytest.fixture(autouse=True)
def no_pulled_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Official files that a developer has pulled change no test."""
    home = tmp_path / "data"
    monkeypatch.setenv("GRASP_DATA", str(home))
    monkeypatch.delenv("FHIR_TOKEN", raising=False)
    return home


@pytest.fixture(scope="session")
def task() -> FhirAgentBench:
    return FhirAgentBench(source="synthetic")


@pytest.fixture(scope="session")
def records(task: FhirAgentBench) -> Mapping[str, Record]:
    splits = ("dev", "val", "test", "ood")
    return {str(r["id"]): dict(r) for split in splits for r in task.samples(split)}
