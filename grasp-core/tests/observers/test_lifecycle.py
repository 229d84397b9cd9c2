"""What observers are told of a run besides its journal: where it is, its start, its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grasp import GraspError, hookimpl
from grasp.contracts import AgentSetupError, ModelCall
from grasp.plugins import configure

from ..toys import Model, Toy, journal, run_toy


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Every event an observer is told."""
    events: list[dict[str, Any]] = []

    @hookimpl
    def grasp_event(event: Mapping[str, Any]) -> None:
        events.append(dict(event))

    module = ModuleType("watching")
    module.grasp_event = grasp_event  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "watching", module)
    configure(modules=["watching"])
    yield events
    configure()


def without(event: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in event.items() if k not in keys}


def test_a_run_is_its_start_its_journal_and_its_end(
    seen: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result, written = run_toy(Path("r"), Model(), epochs=1)
    first, *middle, last = seen
    assert [without(e, "run_dir", "replayed") for e in middle] == [
        without(e, "time") for e in written
    ]
    assert {e["run_dir"] for e in seen} == {str(tmp_path / "r")}, "wherever the observer is"
    assert not any(e["replayed"] for e in seen)
    assert first["event"] == "run_started"
    assert (first["task"], first["method"], first["resumed"]) == ("toy", "grasp", False)
    assert first["settings"]["cycle"]["epochs"] == 1
    assert first["settings"]["model"]["backend"] == "toy"
    assert last["event"] == "run_ended"
    assert (last["status"], last["reason"]) == ("finished", "")
    assert last["summary"] == result.summary()


def test_what_a_resumed_run_repeats_is_marked(seen: list[dict[str, Any]], tmp_path: Path) -> None:
    model = Model()

    def gone(call: ModelCall) -> None:
        if call.scope.startswith("e0/val"):
            raise AgentSetupError("no such model", "name another")

    model.fault = gone
    with pytest.raises(GraspError):
        run_toy(tmp_path, model, epochs=1)
    assert (seen[-1]["event"], seen[-1]["status"]) == ("run_ended", "failed")
    assert seen[-1]["reason"] == "no such model"
    assert seen[-1]["summary"] is None
    before = len(journal(tmp_path))
    seen.clear()
    run_toy(tmp_path, Model(), epochs=1, run={"resume": True})
    assert seen[0]["resumed"] is True
    told = seen[1:-1]
    assert [e["replayed"] for e in told] == [True] * before + [False] * (len(told) - before)
    assert 0 < before < len(told)


def test_how_a_run_ended_is_told(seen: list[dict[str, Any]], tmp_path: Path) -> None:
    run_toy(tmp_path / "budget", Model(), run={"config": {"budget": {"calls": 20}}})
    assert seen[-1]["status"] == "stopped"
    assert "20" in seen[-1]["reason"]

    class Stopping(Toy):
        def describe(self) -> dict[str, Any]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_toy(tmp_path / "interrupt", Model(), Stopping())
    assert seen[-1]["status"] == "interrupted"


def test_a_run_that_never_starts_is_not_told(seen: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(GraspError):
        run_toy(tmp_path, Model(), Toy(dev=0, val=0), gate="no-such-gate")
    assert seen == []


def test_keys_are_not_told(seen: list[dict[str, Any]], tmp_path: Path) -> None:
    params = {"api_key": "sk-verysecret", "max_tokens": 7}
    run_toy(tmp_path, Model(), run={"config": {"agent_params": params}}, epochs=0)
    assert seen[0]["settings"]["agent_params"] == {"max_tokens": 7}
    assert "verysecret" not in repr(seen)
