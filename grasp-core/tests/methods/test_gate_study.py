"""The simulator's vectorised verdicts are those of the shipped gates, update by update."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grasp.methods.gate import Arm, Evidence, GateHistory, Pair, Rerun
from grasp.methods.gate.confirm import ConfirmGate
from grasp.methods.gate.evalue import EValueGate
from grasp.methods.gate.mcnemar import McNemarGate
from grasp.methods.gate.paper import PaperGate
from grasp.methods.gate.replicate import ReplicateGate

np = pytest.importorskip("numpy")

ROOT = Path(__file__).resolve().parents[3]
if not (ROOT / "benchmarks" / "gate_study").is_dir():
    pytest.skip("the benchmarks are not here", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks.gate_study.verdicts import decide  # noqa: E402
from benchmarks.gate_study.worlds import Setting, World  # noqa: E402

UPDATES = 40


def shipped(gate: Any, world: Any, update: int, spent: int) -> tuple[int, bool, int]:
    """Let a shipped gate decide one simulated update: winner, tested, rollouts."""
    failing, x = world.failing, world.x[update]
    evidence = [
        Evidence(
            tuple(
                Pair(str(i), bool(failing[i]), Arm(bool(x[i])), Arm(bool(y[update, i])))
                for i in range(len(failing))
            )
        )
        for y in world.y
    ]
    rollouts = 0
    while isinstance(answer := gate.decide(evidence, GateHistory(spent=spent)), Rerun):
        one = evidence[answer.candidate]
        done = max(Counter(p.sample_id for p in one.fresh).values(), default=0)
        who = np.full(world.updates, answer.candidate)
        fresh = []
        for repeat in range(done, done + answer.repeats):
            old, new = world.fresh_old(repeat)[update], world.fresh_new(repeat, who)[update]
            fresh += [
                Pair(i, bool(failing[int(i)]), Arm(bool(old[int(i)])), Arm(bool(new[int(i)])))
                for i in answer.sample_ids
            ]
        rollouts += 2 * len(fresh)
        evidence[answer.candidate] = replace(one, fresh=(*one.fresh, *fresh))
    return -1 if answer.winner is None else answer.winner, answer.tested, rollouts


@pytest.mark.parametrize("spent", [0, 3])
@pytest.mark.parametrize(
    "gate",
    [
        PaperGate(),
        ConfirmGate(),
        ConfirmGate(0.05, schedule="slow", repeats=2),
        ConfirmGate(regression_budget=False),
        McNemarGate(),
        McNemarGate(regression_budget=False),
        EValueGate(0.2, 0.9),
        EValueGate(0.2, 0.9, rounds=3),
        ReplicateGate(),
        ReplicateGate(0.2, None, share=0.6, least_gain=0.0),
    ],
    ids=lambda g: type(g).__name__,
)
def test_the_simulator_decides_as_the_shipped_gate(gate: Any, spent: int) -> None:
    rng = np.random.default_rng(7)
    accepted = 0
    for setting in (
        Setting("unstable", 0.3, "lasting", 0.4, 16, 3),
        Setting("unstable", 0.1, "chancy", 0.5, 20, 1),
        Setting("flip", 0.05, "trade", 0.5, 24, 4, harm=0.1),
        Setting("unstable", 1.0, "none", 0.0, 8, 4),
        Setting("frozen", 0.3, "lasting", 0.3, 16, 2),
    ):
        world = World(setting, UPDATES, rng)
        level = gate.spending.level(GateHistory(spent=spent)) if hasattr(gate, "spending") else 1.0
        fast = decide(gate, world, level)
        for update in range(UPDATES):
            slow = shipped(gate, world, update, spent)
            assert (fast.winner[update], fast.tested[update], fast.rollouts[update]) == slow
            accepted += slow[0] >= 0
    assert 0 < accepted < 5 * UPDATES


def test_labels_lean_the_way_of_the_odds() -> None:
    """Unstable samples labelled failing have a mean chance of E[p(1-p)] / E[1-p] = .418."""
    world = World(Setting("unstable", 1.0, "none", 0, 2000, 1), 20, np.random.default_rng(1))
    p, failing = world.p, world.failing
    assert p[:, failing].mean() == pytest.approx(0.4183, abs=0.005)
    assert p[:, ~failing].mean() == pytest.approx(1 - 0.4183, abs=0.005)
    assert (p.min(), p.max()) == (pytest.approx(0.15, abs=0.01), pytest.approx(0.85, abs=0.01))
