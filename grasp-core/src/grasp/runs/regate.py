"""Decides a run's updates again with another gate, from its journal alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from grasp.contracts import RunError, Status
from grasp.methods.gate import (
    Arm,
    Evidence,
    Gate,
    GateDecision,
    GateHistory,
    Pair,
    Rerun,
    Verdict,
)
from grasp.runs.config import load_config
from grasp.runs.gates import build_gate
from grasp.runs.journal import read_journal
from grasp.runs.rundir import require_run

_WINS = (Verdict.ACCEPT.value, Verdict.REVISE.value)


@dataclass(frozen=True)
class Redecision:
    """One decision of a run, and what another gate makes of the same evidence.

    Attributes:
        epoch: Where it stands in the run.
        cycle: Likewise.
        revision: It is about the narrower version of a winner.
        titles: The candidates.
        then: Index of the run's winner, or ``None``.
        decision: The other gate's; ``None`` where it asks for fresh episodes that the
            run never made.
        needs: What it asks for in that case.
        curtailed: Candidates whose probe was stopped early, when they could no longer win
            under the run's gate; the other gate sees what there is.
    """

    epoch: int
    cycle: int
    revision: bool
    titles: tuple[str, ...]
    then: int | None
    decision: GateDecision | None
    needs: Rerun | None
    curtailed: tuple[str, ...] = ()

    @property
    def differs(self) -> bool | None:
        """Whether another candidate wins; ``None`` if that can't be told."""
        return None if self.decision is None else self.decision.winner != self.then

    def to_json(self) -> dict[str, Any]:
        """Return the decision as JSON data."""
        made = self.decision.judgements if self.decision else ()
        return {
            "epoch": self.epoch,
            "cycle": self.cycle,
            "revision": self.revision,
            "then": self._title(self.then),
            "now": self._title(self.decision.winner) if self.decision else None,
            "differs": self.differs,
            "needs": vars(self.needs) if self.needs else None,
            "curtailed": list(self.curtailed),
            "candidates": [
                {"title": title, **(_judgement(j) if j else {"verdict": None})}
                for title, j in zip_longest(self.titles, made)
            ],
        }

    def _title(self, index: int | None) -> str | None:
        return None if index is None else self.titles[index]


def _judgement(judgement: Any) -> dict[str, Any]:
    return {
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "statistics": vars(judgement.statistics),
        "fresh": vars(judgement.fresh) if judgement.fresh else None,
        "p": judgement.p,
        "level": judgement.level,
    }


def regate(path: Path, name: str, params: Mapping[str, Any] | None = None) -> list[Redecision]:
    """Decide every update of a run again with another gate.

    Each decision is made on the evidence the run really had. Had an earlier one gone
    another way, the run would have gone on to other evidence; only a new run can show that.
    A decision that can't be made counts as a test that did not accept.

    Args:
        path: The run.
        name: A registered gate.
        params: Its parameters.

    Raises:
        RunError: No run, no decision of a gate in it, or a damaged journal.
        ConfigError: An unknown parameter of the gate.
        PluginError: An unknown gate.
    """
    directory = require_run(path)
    settings = load_config(_settings(directory.config_file)).cycle
    gate = build_gate(settings, name, params)
    journal = directory.journal_file
    found: list[Redecision] = []
    try:
        updates = [
            e
            for e in (read_journal(journal) if journal.exists() else ())
            if e["event"] == "update" and not e.get("skipped")
        ]
        spent = accepted = 0
        for number, update in enumerate(updates):
            won = False
            for event in _decisions(update, found):
                made = _decide(gate, update, event, GateHistory(number, accepted, spent))
                found.append(made)
                decision = made.decision
                spent += decision is None or (decision.tested and decision.winner is None)
                won = won or (decision is not None and decision.winner is not None)
            accepted += won
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise RunError(
            f"the journal of {path} can't be understood ({type(error).__name__}: {error})",
            "it is damaged, or another version of GRASP wrote it",
        ) from None
    if not found:
        raise RunError(
            f"no gate decided anything in {path}",
            "runs without a gate, or whose writer proposed nothing, have no decision to repeat",
        )
    return found


def _settings(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        data.pop("model", None)
        return dict(data)
    except (OSError, yaml.YAMLError, AttributeError, ValueError):
        raise RunError(f"{path} can't be read", "it is missing or damaged") from None


def _decisions(
    update: Mapping[str, Any], found: Sequence[Redecision]
) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the candidates of each decision of an update.

    The revision was only made because its winner won, so it follows only if it wins again.
    """
    if "winner" not in update:
        return
    yield update["candidates"]
    revision = update.get("revision", {})
    decision = found[-1].decision
    again = decision is not None and decision.winner == update["winner"]
    if again and "outcomes" in revision:
        yield [revision]


def _decide(
    gate: Gate,
    update: Mapping[str, Any],
    candidates: Sequence[Mapping[str, Any]],
    history: GateHistory,
) -> Redecision:
    evidence = [_evidence(update, c) for c in candidates]
    records = [_Record(update, c) for c in candidates]
    needs, decision = None, None
    while decision is None and needs is None:
        answer = gate.decide(evidence, history)
        if isinstance(answer, GateDecision):
            decision = answer
            continue
        one = evidence[answer.candidate]
        fresh = records[answer.candidate].take(answer)
        if fresh is None:
            needs = answer
        else:
            evidence[answer.candidate] = replace(one, fresh=(*one.fresh, *fresh))
    revision = candidates is not update["candidates"]
    wins = [n for n, c in enumerate(candidates) if c["verdict"] in _WINS]
    return Redecision(
        epoch=update["epoch"],
        cycle=update["cycle"],
        revision=revision,
        titles=tuple(c["title"] for c in candidates),
        then=(wins[0] if wins else None) if revision else update["winner"],
        decision=decision,
        needs=needs,
        curtailed=tuple(
            c["title"] for c in candidates if len(c["outcomes"]) < len(update["baseline"])
        ),
    )


def _evidence(update: Mapping[str, Any], candidate: Mapping[str, Any]) -> Evidence:
    failing, invalid = set(update["probe"]["failing"]), set(candidate["invalid_actions"])
    outcomes = candidate["outcomes"]
    pairs = tuple(
        Pair(i, i in failing, _arm(base), _arm(outcomes[i], i in invalid))
        for i, base in update["baseline"].items()
        if i in outcomes  # A candidate that could not win any more was stopped early.
    )
    return Evidence(pairs, candidate["exposed"], curtailed="stopped_after" in candidate)


def _arm(result: bool | str, invalid: bool = False) -> Arm:
    if result == "error":
        return Arm(False, Status.ERROR.value)
    status = Status.INVALID_ACTION if invalid else Status.COMPLETED
    return Arm(bool(result), status.value)


class _Record:
    """The fresh pairs a run made of one candidate; each is used once."""

    def __init__(self, update: Mapping[str, Any], candidate: Mapping[str, Any]) -> None:
        failing = set(update["probe"]["failing"])
        self._pairs: defaultdict[str, list[Pair]] = defaultdict(list)
        for sample, base, new in candidate.get("fresh_pairs", ()):
            self._pairs[sample].append(Pair(sample, sample in failing, _arm(base), _arm(new)))

    def take(self, wanted: Rerun) -> tuple[Pair, ...] | None:
        """Return the pairs a gate asks for; ``None`` if the run has not made them."""
        if any(len(self._pairs[i]) < wanted.repeats for i in wanted.sample_ids):
            return None
        return tuple(
            self._pairs[i].pop(0) for _ in range(wanted.repeats) for i in wanted.sample_ids
        )


def summary(found: Iterable[Redecision]) -> dict[str, int]:
    """Count decisions: all, those that differ, can't be told, or rest on shortened probes."""
    all_of_them = list(found)
    return {
        "decisions": len(all_of_them),
        "differ": sum(d.differs is True for d in all_of_them),
        "unknown": sum(d.differs is None for d in all_of_them),
        "curtailed": sum(bool(d.curtailed) for d in all_of_them),
    }
