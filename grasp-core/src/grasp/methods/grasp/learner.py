"""GRASP: observe, explain, propose, gate, apply (Moll et al. 2026; method.md, 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from grasp.contracts import Agent, Outcome, PluginError, Task, TaskError
from grasp.methods.base import Method
from grasp.methods.context import Batch, Context
from grasp.methods.gate import GateDecision, GateHistory, Judgement, Rerun, Verdict
from grasp.methods.gate.paper import PaperGate
from grasp.methods.grasp.blind import choose_blindly
from grasp.methods.grasp.explain import annotate, classify, diagnose, group
from grasp.methods.grasp.journaling import (
    arm_to_json,
    candidate_to_json,
    failure_to_json,
    judgement_to_json,
    place,
    proposal_to_json,
    trial_to_json,
)
from grasp.methods.grasp.observe import Entry, effectiveness, entries
from grasp.methods.grasp.probe import Probe, draw_probe, published_source
from grasp.methods.grasp.probing import (
    Arms,
    Trial,
    label_holdout,
    run_again,
    run_trials,
    with_library,
)
from grasp.methods.grasp.propose import (
    Proposal,
    Rejection,
    Situation,
    candidates_of,
    propose,
    validate,
)
from grasp.methods.grasp.revise import narrow
from grasp.methods.harness import rng
from grasp.skills import (
    Action,
    Candidate,
    Edit,
    Provenance,
    SkillLibrary,
    skill_to_json,
)

#: Triggering samples kept in a skill's provenance.
MAX_TRIGGERS = 10

#: Times a gate may ask for fresh episodes before it decides.
MAX_RERUNS = 16


@dataclass(frozen=True)
class _Won:
    """What an update applies: the edits, and how they did on the probe."""

    candidate: Candidate
    judgement: Judgement | None


class Grasp(Method):
    """Learns a library of skills behind a regression gate."""

    name: ClassVar[str] = "grasp"

    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        self._library = SkillLibrary()
        self._taxonomy: dict[str, str] = {}
        self._previous: dict[str, Outcome] = {}
        self._this_epoch: list[Outcome] = []
        self._rejected: list[Rejection] = []
        self._updates = 0
        self._accepted = 0
        self._spent = 0

    # -- what the harness drives -----------------------------------------------------

    def wrap(self, agent: Agent) -> Agent:
        """Return the agent with the current library's skills."""
        return with_library(self._library, self.task)(agent)

    def state(self) -> SkillLibrary:
        """Return the current library."""
        return self._library

    def load(self, state: Any) -> None:
        """Make a library the current one."""
        self._library = state

    def library(self) -> SkillLibrary:
        """Return the current library."""
        return self._library

    def learn(self, batch: Batch, context: Context) -> None:
        """Run one update on a batch of dev episodes."""
        earlier = tuple(self._this_epoch)
        self._this_epoch.extend(batch.outcomes)
        seen = entries(batch.outcomes, self._previous)
        failures = [e for e in seen if not e.outcome.correct]
        if not failures:
            context.record("update", **place(batch), skipped="nothing failed")
            return
        probe = self._draw_probe(batch, earlier, context)
        if not probe.sample_ids and not context.settings.no_gate:
            context.record("update", **place(batch), skipped="no samples to probe on")
            return
        context.notify("update_started", **place(batch), failures=len(failures))
        failures = self._explain(failures, batch, context)
        proposals = self._propose(failures, seen, batch, context)
        candidates = candidates_of(proposals, self._library, context.settings)
        self._decide(candidates, proposals, failures, probe, batch, context)

    def end_epoch(self, epoch: int, outcomes: Sequence[Outcome], context: Context) -> None:
        """Recover from a collapse, then make this epoch the previous one."""
        threshold = context.settings.collapse_threshold
        share = sum(o.correct for o in outcomes) / len(outcomes) if outcomes else 0.0
        if epoch > 0 and share < threshold and len(self._library):
            self._recover(epoch, outcomes, context)
        self._previous = {o.sample_id: o for o in outcomes}
        self._this_epoch = []

    # -- one update ------------------------------------------------------------------

    def _draw_probe(self, batch: Batch, earlier: Sequence[Outcome], context: Context) -> Probe:
        settings = context.settings
        if settings.probe_source == "holdout":
            if not context.samples("probe"):
                raise TaskError(
                    "probe_source is 'holdout' but the task has no split 'probe'",
                    "set cycle.probe_source to published",
                )
            source, outcomes = "holdout", label_holdout(self._library, context, batch.scope)
        else:
            source, outcomes = published_source(
                earlier, list(self._previous.values()), batch.outcomes
            )
        generator = rng(settings.seed, "probe", batch.epoch, batch.cycle)
        return draw_probe(source, outcomes, settings.probe_size, generator)

    def _explain(self, failures: list[Entry], batch: Batch, context: Context) -> list[Entry]:
        """Label and diagnose the failures, both at once: neither needs the other."""
        settings = context.settings
        labels: Mapping[str, str] = {}
        diagnoses: Mapping[str, str] = {}

        def label() -> None:
            nonlocal labels
            agent = context.analyst_agent("classify", f"{batch.scope}/classify")
            found = classify(failures, self._taxonomy, self.task, settings, agent)
            labels = found.by_id
            self._taxonomy |= found.new

        def explain() -> None:
            nonlocal diagnoses
            agent = context.analyst_agent("diagnose", f"{batch.scope}/diagnose")
            diagnoses = diagnose(failures, self._library, self.task, settings, agent)

        steps = [label] * settings.classify + [explain] * settings.diagnose
        context.engine.executor.map(lambda step: step(), steps, on_interrupt=context.analyst.cancel)
        return annotate(failures, labels, diagnoses)

    def _propose(
        self, failures: list[Entry], seen: list[Entry], batch: Batch, context: Context
    ) -> list[Proposal]:
        situation = Situation(
            library=self._library,
            groups=group(failures, cluster=context.settings.cluster),
            passing=[e for e in seen if e.outcome.correct][: context.settings.passing_shown],
            effects=effectiveness(self._library, self._this_epoch, self._previous),
            rejected=tuple(self._rejected),
        )
        return propose(situation, context, batch.scope)

    def _decide(
        self,
        candidates: list[Candidate],
        proposals: Sequence[Proposal],
        failures: Sequence[Entry],
        probe: Probe,
        batch: Batch,
        context: Context,
    ) -> None:
        settings = context.settings
        facts: dict[str, Any] = {
            **place(batch),
            "failures": [failure_to_json(e) for e in failures],
            "proposals": [proposal_to_json(p) for p in proposals],
        }
        won: _Won | None = None
        if settings.no_gate:
            won = _Won(candidates[0], None) if candidates else None
            facts["candidates"] = [candidate_to_json(c) for c in candidates]
        elif settings.blind_select is not None:
            chosen = choose_blindly(candidates, context, batch)
            won = _Won(chosen, None) if chosen else None
            facts["candidates"] = [candidate_to_json(c) for c in candidates]
            facts["blind_select"] = settings.blind_select
        else:
            facts["probe"] = {
                "source": probe.source,
                "samples": list(probe.sample_ids),
                "failing": [i for i in probe.sample_ids if i in probe.failing],
            }
            if candidates:
                won = self._gate(candidates, probe, batch, context, facts)
            else:
                facts["candidates"] = []
        self._updates += 1
        if won is not None:
            self._apply(won, failures, batch)
            self._accepted += 1
        facts["accepted"] = won.candidate.title if won else None
        facts["library"] = [skill_to_json(s) for s in self._library]
        context.record("update", **facts)

    def _gate(
        self,
        candidates: Sequence[Candidate],
        probe: Probe,
        batch: Batch,
        context: Context,
        facts: dict[str, Any],
    ) -> _Won | None:
        libraries = {f"c{n}": self._library.apply(c.edits) for n, c in enumerate(candidates)}
        baseline, trials = run_trials(probe, self._library, libraries, context, batch.scope)
        trials, decision = self._judge(probe, libraries, trials, context, batch.scope)
        facts["baseline"] = arm_to_json(baseline)
        facts["candidates"] = [
            {**candidate_to_json(c), **trial_to_json(t), **judgement_to_json(j)}
            for c, t, j in zip(candidates, trials.values(), decision.judgements, strict=True)
        ]
        facts["winner"] = decision.winner
        self._remember(candidates, decision)
        if decision.winner is None:
            return None
        winner, judgement = candidates[decision.winner], decision.judgements[decision.winner]
        trial = trials[f"c{decision.winner}"]
        if judgement.verdict is Verdict.REVISE and context.settings.contrastive_revision:
            revised = self._revise(winner, trial, judgement, probe, baseline, batch, context, facts)
            if revised is not None:
                return revised
        return _Won(winner, judgement)

    def _judge(
        self,
        probe: Probe,
        libraries: Mapping[str, SkillLibrary],
        trials: Mapping[str, Trial],
        context: Context,
        scope: str,
    ) -> tuple[dict[str, Trial], GateDecision]:
        """Let the gate decide; run again what it wants to see again before it does."""
        found, names = dict(trials), list(trials)
        history = GateHistory(self._updates, self._accepted, self._spent)
        for look in range(MAX_RERUNS + 1):
            answer = context.gate.decide([t.evidence for t in found.values()], history)
            if not isinstance(answer, Rerun):
                self._spent += answer.tested and answer.winner is None
                return found, answer
            if look == MAX_RERUNS:
                break
            name = names[answer.candidate]
            where = f"{scope}/again/{name}/{look}"
            pairs = run_again(answer, probe, self._library, libraries[name], context, where)
            evidence = found[name].evidence
            found[name] = replace(
                found[name], evidence=replace(evidence, fresh=(*evidence.fresh, *pairs))
            )
        raise PluginError(
            f"the gate {context.settings.gate!r} asked for fresh episodes {MAX_RERUNS} times "
            "and never decided",
            "choose another gate, or lower its number of rounds",
        )

    def _remember(self, candidates: Sequence[Candidate], decision: GateDecision) -> None:
        """Remember what was turned down; an edit that only lost to a better one is no failure."""
        for n, (candidate, judgement) in enumerate(
            zip(candidates, decision.judgements, strict=True)
        ):
            counts = judgement.counts
            helped = counts.adjusted > 0 and counts.regressions <= counts.baseline_regressions
            refuted = judgement.fresh is not None and judgement.verdict is Verdict.REJECT
            if n != decision.winner and (refuted or not helped):
                last = candidate.edits[-1]
                rejection = Rejection(candidate.title, judgement.reason, last.description)
                self._rejected.append(rejection)

    def _revise(
        self,
        winner: Candidate,
        trial: Trial,
        judgement: Judgement,
        probe: Probe,
        baseline: Arms,
        batch: Batch,
        context: Context,
        facts: dict[str, Any],
    ) -> _Won | None:
        """Ask once to narrow a winner that broke something (method.md, 3.11)."""
        settings = context.settings
        edits, problems = narrow(
            winner, trial.regressed, judgement, self._previous, context, batch.scope
        )
        # Validated with the rest of the candidate: a swap's REMOVE makes room for its ADD.
        rest = [e for e in winner.edits if e.name not in {n.name for n in edits}]
        valid, invalid = validate([*rest, *edits], self._library, settings)
        note: dict[str, Any] = {"problems": [*problems, *invalid], "accepted": False}
        facts["revision"] = note
        if not edits or invalid:
            return None
        revised = Candidate(tuple(valid), winner.proposal, winner.failure_group)
        library = {"revision": self._library.apply(revised.edits)}
        _, trials = run_trials(probe, self._library, library, context, batch.scope, baseline)
        trials, decision = self._judge(probe, library, trials, context, batch.scope)
        again, new = trials["revision"], decision.judgements[0]
        better = (
            decision.winner == 0
            and new.counts.adjusted > judgement.counts.adjusted
            and new.counts.regressions <= new.counts.baseline_regressions
        )
        note |= {
            **candidate_to_json(revised),
            **trial_to_json(again),
            **judgement_to_json(new),
            "accepted": better,
        }
        return _Won(revised, new) if better else None

    def _apply(self, won: _Won, failures: Sequence[Entry], batch: Batch) -> None:
        counts = won.judgement.counts if won.judgement else None
        label = won.candidate.failure_group
        triggers = [e.id for e in failures if (e.label or "unknown") == label] or [
            e.id for e in failures
        ]
        self._library = self._library.apply(
            won.candidate.edits,
            Provenance(
                epoch=batch.epoch,
                cycle=batch.cycle,
                action=won.candidate.edits[-1].action.value,
                probe_score=counts.adjusted if counts else None,
                fixes=counts.fixes if counts else 0,
                regressions=counts.regressions if counts else 0,
                samples=tuple(triggers[:MAX_TRIGGERS]),
            ),
        )

    # -- collapse --------------------------------------------------------------------

    def _recover(self, epoch: int, outcomes: Sequence[Outcome], context: Context) -> None:
        """Try to remove the newest skill when the dev score has collapsed (method.md, 2.4)."""
        newest = max(
            self._library,
            key=lambda s: (s.provenance.epoch, s.provenance.cycle) if s.provenance else (-1, -1),
        )
        settings = context.settings
        scope = f"e{epoch}/collapse"
        probe = draw_probe(
            "this_epoch", outcomes, settings.probe_size, rng(settings.seed, "collapse", epoch)
        )
        facts: dict[str, Any] = {"epoch": epoch, "skill": newest.name, "accepted": False}
        if probe.sample_ids:
            edit = Edit(Action.REMOVE, newest.name)
            smaller = self._library.apply(edit)
            _, trials = run_trials(probe, self._library, {"remove": smaller}, context, scope)
            # Going back needs no proof: the published rule, whatever the gate for edits.
            published = PaperGate(
                settings.invalid_action_penalty, settings.regression_gate, settings.fixes_only
            )
            judgement = published.decide([trials["remove"].evidence], GateHistory()).judgements[0]
            facts |= judgement_to_json(judgement)
            if trials["remove"].evidence.exposed and judgement.counts.adjusted > 0:
                self._library = smaller
                facts["accepted"] = True
        facts["library"] = [skill_to_json(s) for s in self._library]
        context.record("collapse", **facts)
