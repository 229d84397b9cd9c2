"""The loop under every gate: fresh episodes, resuming, and what stands in the journal."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import AgentSetupError, ModelCall, PluginError
from grasp.methods.gate import Evidence, Gate, GateDecision, GateHistory, Rerun, Verdict
from grasp.plugins import load_gate
from grasp.runs import execute as running
from grasp.skills import load_library

from ..toys import Model, Toy, act, add, events, journal, run_toy

GATES = ["paper", "confirm", "mcnemar", "evalue", "replicate"]

#: One failing kind, so that the good edit fixes half of the probe.
WORLD = {"epochs": 2, "batch_size": 12, "probe_size": 12, "candidates": 2}


def noisy(per_cent: int = 10, propose: Any = None) -> Model:
    """A model that errs at random places of the run, not with certain prompts."""
    model = Model(propose) if propose else Model()

    def answer(call: ModelCall) -> str | None:
        if call.schema is not None:
            return None
        draw = int(hashlib.sha256(call.scope.encode()).hexdigest(), 16) % 100
        if draw >= per_cent:
            return None
        right = act(call.messages) != "SAY nothing"
        return "SAY nothing" if right else f"SAY {kind_of(call)}-word"

    model.answer = answer
    return model


def lucky(propose: Any) -> Model:
    """A model that solves every red item of a candidate's probe, whatever it is shown."""
    model = Model(propose)
    model.answer = lambda call: (
        "SAY red-word" if "/probe/c" in call.scope and kind_of(call) == "red" else None
    )
    return model


def kind_of(call: ModelCall) -> str:
    found: list[str] = re.findall(r"(\w+) item \w+ \d+: say", str(call.messages[-1]["content"]))
    return found[-1]


def world() -> Toy:
    return Toy(("red", "green"), dev=24, val=8, test=4, ood=0)


def decisions(run_dir: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in e.items() if k != "time"} for e in journal(run_dir)]


@pytest.mark.parametrize("name", GATES)
def test_all_gates_are_registered(name: str) -> None:
    gate: Gate = load_gate(name, penalty=3.0)
    assert gate.decide([], GateHistory()) == GateDecision(None, ())


@pytest.mark.parametrize("gate", GATES)
def test_it_learns_the_rule_under_every_gate(tmp_path: Path, gate: str) -> None:
    result, log = run_toy(tmp_path / "r", Model(), world(), gate=gate, **WORLD)
    assert result.summary()["skills"] == ["rule-red"]
    assert result.summary()["best_val"] == 1.0
    first = events(log, "update")[0]
    chosen = first["candidates"][first["winner"]]
    assert chosen["verdict"] == "accept"
    assert {"b", "c", "p_value", "e_value", "low", "high"} <= set(chosen["statistics"])
    assert ("level" in chosen) is (gate != "paper")
    assert ("fresh_pairs" in chosen) is (gate in ("confirm", "replicate"))


@pytest.mark.parametrize("gate", GATES)
def test_every_candidate_s_statistics_are_journaled(tmp_path: Path, gate: str) -> None:
    _, log = run_toy(tmp_path / "r", noisy(30), world(), gate=gate, **WORLD)
    probed = [c for u in events(log, "update") for c in u.get("candidates", [])]
    assert probed
    for candidate in probed:
        s = candidate["statistics"]
        assert s["n"] + s["errors"] == len(candidate["outcomes"])
        assert -1 <= s["low"] <= s["delta"] <= s["high"] <= 1
        assert {"p_value", "e_value", "b", "c"} <= set(s)
        assert candidate["verdict"] in {v.value for v in Verdict}
        assert candidate["reason"]


@pytest.mark.parametrize("gate", ["confirm", "replicate"])
def test_fresh_episodes_are_calls_of_their_own(tmp_path: Path, gate: str) -> None:
    model = noisy()
    _, log = run_toy(tmp_path / "r", model, world(), gate=gate, **WORLD)
    first = events(log, "update")[0]
    name = f"c{first['winner']}"
    scopes = [s for s in model.scopes(f"e0/b0/again/{name}/0/")]
    chosen = first["candidates"][first["winner"]]
    base = first["baseline"]
    split = [i for i, ok in chosen["outcomes"].items() if ok != base[i]]
    repeats = len(chosen["fresh_pairs"]) // len(split)
    assert len(scopes) == len(set(scopes)) == 2 * repeats * len(split)
    assert [p[0] for p in chosen["fresh_pairs"]] == split * repeats
    wins = sum(new and not old for _, old, new in chosen["fresh_pairs"])
    assert chosen["fresh"]["b"] == wins
    # The arms saw different libraries.
    shown = {
        (c.scope.split("/")[6], "RULE red" in str(c.messages))
        for c in model.calls
        if c.scope in scopes and kind_of(c) == "red"
    }
    assert shown == {("baseline", False), ("candidate", True)}


@pytest.mark.parametrize("gate", ["confirm", "evalue", "replicate"])
@pytest.mark.parametrize("at", [3, 60, 90, 110, 140])
def test_stopped_anywhere_and_resumed_it_decides_the_same(
    tmp_path: Path, gate: str, at: int
) -> None:
    params = {"rounds": 3} if gate == "evalue" else {}
    settings = {"gate": gate, "gate_params": params, **WORLD}
    whole = noisy(20)
    run_toy(tmp_path / "whole", whole, world(), **settings)
    assert len(whole.calls) > at
    model = noisy(20)

    def fault(call: ModelCall) -> None:
        if len(model.calls) == at:
            raise AgentSetupError("key revoked")

    model.fault = fault
    with pytest.raises(AgentSetupError):
        run_toy(tmp_path / "r", model, world(), **{**settings, "concurrency": 1})
    again = noisy(20)
    run_toy(tmp_path / "r", again, world(), run={"resume": True}, **settings)
    assert decisions(tmp_path / "r") == decisions(tmp_path / "whole")
    assert len(again.calls) == len(whole.calls) - (at - 1), "a fresh pair was paid twice"
    assert load_library(tmp_path / "r" / "skills" / "final") == load_library(
        tmp_path / "whole" / "skills" / "final"
    )


@pytest.mark.parametrize("gate", ["confirm", "replicate"])
def test_luck_does_not_replicate(tmp_path: Path, gate: str) -> None:
    """A skill without content wins every probe sample by luck, and nothing afresh."""

    def idle(prompt: str, call: ModelCall) -> Any:
        return [add("red", "Nothing.", name="idle")]

    _, log = run_toy(tmp_path / "p", lucky(idle), world(), **WORLD)
    assert events(log, "update")[0]["accepted"] == "ADD idle"
    model = lucky(idle)
    result, log = run_toy(tmp_path / "r", model, world(), gate=gate, **WORLD)
    assert result.summary()["skills"] == []
    first = events(log, "update")[0]["candidates"][0]
    assert (first["verdict"], first["p"]) == ("reject", 1.0)
    # What fresh episodes refuted is shown to the writer, so that it is not proposed again.
    later = [c for c in model.asked("edits") if c.scope.startswith("e1")]
    assert all("ADD idle" in str(c.messages) for c in later)
    assert not any("ADD idle" in str(c.messages) for c in model.asked("edits") if c not in later
                   and c.scope.startswith("e0/b0"))  # fmt: skip


def test_an_accepted_edit_is_not_remembered_as_turned_down(tmp_path: Path) -> None:
    """On the probe it seemed to break a passing sample; fresh episodes cleared it."""
    model = Model()
    model.answer = lambda call: (
        "SAY nothing" if "e0/b0/probe/c" in call.scope and kind_of(call) == "green" else None
    )
    task = Toy(("red", "red", "red", "blue", "green"), dev=20, val=5, test=5, ood=0)
    _, log = run_toy(
        tmp_path / "r", model, task, gate="replicate", epochs=2, batch_size=20, probe_size=20,
        candidates=1, contrastive_revision=False,
    )  # fmt: skip
    first = events(log, "update")[0]
    counts = first["candidates"][0]["counts"]
    assert first["accepted"] == "ADD rule-red"
    assert counts["regressions"] > counts["baseline_regressions"]
    later = [c for c in model.asked("edits") if c.scope.startswith("e1")]
    assert later
    assert not any("ADD rule-red" in str(c.messages) for c in later)


def test_failed_tests_make_later_ones_stricter(tmp_path: Path) -> None:
    number = iter(range(100))

    def idle(prompt: str, call: ModelCall) -> Any:
        return [add("red", "Nothing.", name=f"idle-{next(number)}")]

    model = lucky(idle)
    _, log = run_toy(
        tmp_path / "r", model, world(), gate="replicate", **{**WORLD, "candidates": 1, "epochs": 3}
    )
    tests = [c for u in events(log, "update") for c in u.get("candidates", []) if "p" in c]
    levels = [c["level"] for c in tests]
    assert len(levels) >= 3
    assert levels == [
        pytest.approx(0.2 * 3 / ((t + 2) * (t + 3))) for t in range(1, len(levels) + 1)
    ]


def test_a_revision_must_pass_the_gate_too(tmp_path: Path) -> None:
    """The narrower version is probed, run again and tested before it replaces the winner."""

    def propose(prompt: str, call: ModelCall) -> Any:
        wide = ["RULE red", "RULE blue", "POISON lime"]
        return [add("x", *(wide[:2] if "/revise" in call.scope else wide), name="wide")]

    task = Toy(("red", "blue", "red", "blue", "lime"), dev=20, val=5)
    model = Model(propose)
    _, log = run_toy(
        tmp_path / "r", model, task, gate="confirm", gate_params={"run_alpha": None},
        regression_gate=False, epochs=1, batch_size=20, probe_size=20, candidates=1,
    )  # fmt: skip
    update = events(log, "update")[0]
    assert update["candidates"][0]["verdict"] == "revise"
    assert update["revision"]["accepted"] is True
    assert update["revision"]["fresh_pairs"]
    assert model.scopes("e0/b0/again/revision/0/")


class Stubborn:
    """Asks for ever."""

    def decide(self, evidence: Sequence[Evidence], history: GateHistory) -> GateDecision | Rerun:
        return Rerun(0, (evidence[0].pairs[0].sample_id,), 1)


def test_a_gate_that_never_decides_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "build_gate", lambda settings: Stubborn())
    model = Model()
    with pytest.raises(PluginError, match="never decided"):
        run_toy(tmp_path / "r", model, world(), **WORLD)
    assert len(model.scopes("/again/")) == 2 * 16
