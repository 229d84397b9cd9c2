"""What is measured: single updates over a grid, and whole runs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from grasp.methods.gate import GateHistory
from grasp.methods.gate.confirm import ConfirmGate
from grasp.methods.gate.evalue import EValueGate
from grasp.methods.gate.mcnemar import McNemarGate
from grasp.methods.gate.paper import PaperGate
from grasp.methods.gate.replicate import ReplicateGate

from .verdicts import decide
from .worlds import Array, Effect, Noise, Setting, World

#: Gates by the name the tables show. All that bound their error do so at .05 per update and
#: .20 per run, but for the spec's confirm, which tests at .10 throughout.
GATES: dict[str, Any] = {
    "paper": PaperGate(),
    "confirm as in the spec": ConfirmGate(alpha=0.10, run_alpha=None),
    "confirm": ConfirmGate(alpha=0.05),
    "mcnemar": McNemarGate(alpha=0.05),
    "mcnemar, no budget": McNemarGate(alpha=0.05, regression_budget=False),
    "evalue": EValueGate(alpha=0.05),
    "evalue, 4 rounds": EValueGate(alpha=0.05, rounds=4),
    "replicate": ReplicateGate(),
    "replicate, share .45": ReplicateGate(share=0.45),
}

NOISES: tuple[tuple[Noise, float], ...] = (
    ("unstable", 0.0),
    ("unstable", 0.05),
    ("unstable", 0.20),
    ("unstable", 0.40),
    ("flip", 0.02),
    ("flip", 0.05),
    ("flip", 0.10),
    ("frozen", 0.05),
    ("frozen", 0.20),
)
EFFECTS: tuple[tuple[Effect, float, float], ...] = (
    ("none", 0.0, 0.0),
    ("lasting", 0.20, 0.0),
    ("lasting", 0.35, 0.0),
    ("lasting", 0.50, 0.0),
    ("chancy", 0.35, 0.0),
    ("trade", 0.35, 0.10),
    ("trade", 0.35, 0.35),
)
SIZES, CANDIDATES = (8, 20, 36, 72), (1, 4, 8)


@dataclass(frozen=True)
class Row:
    """One gate in one setting.

    ``accepted`` counts updates in which the candidate with the effect won, or any candidate
    where none has one; ``false_accepts`` those in which a candidate without effect won.
    ``rollouts`` is relative to the published gate's, which are (k + 1) n.
    """

    gate: str
    noise: str
    level: float
    effect: str
    size: float
    harm: float
    n: int
    k: int
    updates: int
    accepted: float
    accepted_low: float
    accepted_high: float
    false_accepts: float
    false_low: float
    false_high: float
    rollouts: float


def wilson(successes: int, of: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    share, z2 = successes / of, z * z
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    spread = z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, centre - spread), min(1.0, centre + spread)


def first_level(gate: Any, spent: int = 0) -> float:
    """Return the level of a run's next test; the published gate has none."""
    return gate.spending.level(GateHistory(spent=spent)) if hasattr(gate, "spending") else 1.0


def settings() -> Iterator[Setting]:
    """Yield the grid of single updates."""
    for n in SIZES:
        for k in CANDIDATES:
            for noise, level in NOISES:
                for effect, size, harm in EFFECTS:
                    yield Setting(noise, level, effect, size, n, k, harm)


def measure(setting: Setting, updates: int, seed: int) -> list[Row]:
    """Run every gate on the same updates of one setting, as the first test of a run."""
    world = World(setting, updates, np.random.default_rng([seed, _number(setting)]))
    rows = []
    for name, gate in GATES.items():
        made = decide(gate, world, first_level(gate))
        any_won = int((made.winner >= 0).sum())
        good = any_won if setting.effect == "none" else int((made.winner == 0).sum())
        wrong = any_won if setting.effect == "none" else any_won - good
        base = (setting.k + 1) * setting.n
        rows.append(
            Row(
                name,
                setting.noise,
                setting.level,
                setting.effect,
                setting.size,
                setting.harm,
                setting.n,
                setting.k,
                updates,
                good / updates,
                *wilson(good, updates),
                wrong / updates,
                *wilson(wrong, updates),
                1 + float(made.rollouts.mean()) / base,
            )
        )
    return rows


def _number(setting: Setting) -> int:
    """Return a seed that depends on the setting alone, whatever the grid around it."""
    return int.from_bytes(repr(asdict(setting)).encode(), "big") % (1 << 61)


@dataclass(frozen=True)
class RunRow:
    """One gate over whole runs of ``updates`` updates at N = 36, K = 4.

    ``any_false``: share of runs that accepted at least one edit without effect. ``power``:
    share of the updates that offered a real edit in which it was accepted.
    """

    gate: str
    noise: str
    level: float
    effect: str
    real_share: float
    updates: int
    runs: int
    any_false: float
    any_false_low: float
    any_false_high: float
    power: float
    rollouts: float


RUN_GATES = (
    "paper",
    "confirm as in the spec",
    "confirm",
    "mcnemar",
    "evalue",
    "replicate",
    "replicate, share .45",
)


def run_settings() -> Iterator[tuple[Setting, float, int]]:
    """Yield setting, share of updates that offer a real edit, and updates."""
    for noise, level in (
        ("unstable", 0.05),
        ("unstable", 0.20),
        ("unstable", 0.40),
        ("flip", 0.05),
    ):
        base = Setting(noise, level, "lasting", 0.35, 36, 4)  # type: ignore[arg-type]
        for updates in (10, 20, 40):
            yield base, 0.0, updates
        for effect in ("lasting", "chancy"):
            for share in (0.2, 0.5):
                yield replace(base, effect=effect), share, 20  # type: ignore[arg-type]


def measure_runs(
    setting: Setting, real_share: float, updates: int, runs: int, seed: int
) -> list[RunRow]:
    """Follow every gate through runs; its level falls with every test that fails."""
    name_seed = [seed, _number(setting), round(real_share * 100), updates]
    rng = np.random.default_rng(name_seed)
    gates = {name: GATES[name] for name in RUN_GATES}
    spent = {name: np.zeros(runs, int) for name in gates}
    false = {name: np.zeros(runs, bool) for name in gates}
    good, real_updates = dict.fromkeys(gates, 0), 0
    rollouts = dict.fromkeys(gates, 0.0)
    for _ in range(updates):
        real = rng.random(runs) < real_share
        real_updates += int(real.sum())
        world = World(setting, runs, rng)
        # Without a real edit, candidate 0 does nothing either.
        nothing = rng.random(world.p.shape) < world.p
        world.q = np.where(real[:, None], world.q, world.p)
        world.y[0] = np.where(real[:, None], world.y[0], nothing)
        for name, gate in gates.items():
            levels = _levels(gate, updates)[spent[name]]
            made = decide(gate, world, levels)
            won = made.winner >= 0
            right = real & (made.winner == 0)
            good[name] += int(right.sum())
            false[name] |= won & ~right
            spent[name] += made.tested & ~won
            rollouts[name] += float(made.rollouts.sum())
    base = (setting.k + 1) * setting.n * updates * runs
    return [
        RunRow(
            name,
            setting.noise,
            setting.level,
            setting.effect if real_share else "none",
            real_share,
            updates,
            runs,
            float(false[name].mean()),
            *wilson(int(false[name].sum()), runs),
            good[name] / real_updates if real_updates else math.nan,
            1 + rollouts[name] / base,
        )
        for name in gates
    ]


def _levels(gate: Any, updates: int) -> Array:
    return np.array([first_level(gate, spent) for spent in range(updates + 1)])
