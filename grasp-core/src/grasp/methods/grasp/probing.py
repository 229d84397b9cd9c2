"""Runs a probe: the current library and every candidate on the same samples, in one wave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from grasp.contracts import Agent, Outcome, Task
from grasp.engine import Job, Wrap
from grasp.methods.context import Context, jobs
from grasp.methods.gate import Arm, Evidence, Pair, Rerun, pair_outcomes
from grasp.methods.gate.curtail import Curtailment
from grasp.methods.grasp.probe import Probe
from grasp.skills import SkillAgent, SkillLibrary

#: Outcomes of one arm by sample id, in the order of the probe.
Arms = Mapping[str, Outcome]


@dataclass(frozen=True)
class Trial:
    """A library on trial.

    Attributes:
        outcomes: Of its arm; fewer than the probe has where it could no longer win.
        evidence: Against the baseline.
        planned: Samples of the probe.
    """

    outcomes: Arms
    evidence: Evidence
    planned: int = 0

    @property
    def curtailed(self) -> bool:
        """It stopped early."""
        return len(self.outcomes) < self.planned

    @property
    def regressed(self) -> list[Outcome]:
        """Samples that were passing and failed in this arm."""
        broken = {
            p.sample_id
            for p in self.evidence.pairs
            if not p.was_failing and not p.candidate.correct and not p.candidate.is_error
        }
        return [o for i, o in self.outcomes.items() if i in broken]


def with_library(library: SkillLibrary, task: Task) -> Wrap:
    """Return the wrapper that lets an agent act with this library."""

    def wrap(agent: Agent) -> Agent:
        return SkillAgent(agent, library, task)

    return wrap


def run_trials(
    probe: Probe,
    current: SkillLibrary,
    libraries: Mapping[str, SkillLibrary],
    context: Context,
    scope: str,
    baseline: Arms | None = None,
) -> tuple[Arms, dict[str, Trial]]:
    """Probe libraries against the current one.

    Args:
        probe: The samples and their labels.
        current: The library as it is.
        libraries: Candidates by a name that becomes part of their scope.
        context: The run.
        scope: Place of the update in the run.
        baseline: The current library's arm, if it has been run on this probe already.

    Returns:
        The baseline arm and one trial per library.
    """
    samples = [context.sample(i) for i in probe.sample_ids]
    arms = {
        name: jobs(
            samples,
            with_library(library, context.task),
            f"{scope}/probe/{name}",
            "probe",
            library.names,
        )
        for name, library in {"baseline": current, **libraries}.items()
    }
    if baseline is None:
        by_arm = _run_all(arms, probe, context, f"{scope}/probe")
    else:
        del arms["baseline"]
        by_arm = {"baseline": baseline, **_run(arms, context, f"{scope}/probe")}
    base = by_arm["baseline"]
    return base, {name: _trial(probe, base, by_arm[name]) for name in libraries}


def _run(arms: Mapping[str, Sequence[Job]], context: Context, label: str) -> dict[str, Arms]:
    wave = [job for arm in arms.values() for job in arm]
    outcomes = iter(context.engine.run(wave, label) if wave else ())
    return {
        name: {o.sample_id: o for o in islice(outcomes, len(arm))} for name, arm in arms.items()
    }


def _run_all(
    arms: Mapping[str, Sequence[Job]], probe: Probe, context: Context, label: str
) -> dict[str, Arms]:
    """Run the baseline, which comes first, and candidates until they can't win any more."""
    gate: Any = context.gate
    if not context.settings.curtail or not hasattr(gate, "hopeless"):
        return _run(arms, context, label)
    size = len(probe.sample_ids)
    curtailment = Curtailment(gate, probe.sample_ids, probe.failing, len(arms) - 1)
    order = [curtailment.place(index) for index in range(len(curtailment))]

    def needed(index: int, outcomes: Mapping[int, Outcome]) -> bool:
        def exposed(candidate: int) -> bool:
            return any(
                _differ(outcomes[n], outcomes[curtailment.number(candidate, n)])
                for n in range(size)
            )

        results = {n: Arm(o.correct, o.status) for n, o in outcomes.items()}
        return curtailment.needed(index, results, exposed)

    names = list(arms)
    wave = [arms[names[arm]][place] for arm, place in order]
    # Room for all workers and half as much again, so that a slow episode rarely holds up others.
    lag = context.settings.concurrency * 3 // 2
    found: dict[str, dict[str, Outcome]] = {name: {} for name in names}
    for (arm, _), outcome in zip(
        order, context.engine.run_needed(wave, needed, lag, label), strict=True
    ):
        if outcome is not None:
            found[names[arm]][outcome.sample_id] = outcome
    return dict(found)


def _trial(probe: Probe, baseline: Arms, arm: Arms) -> Trial:
    against = {i: o for i, o in baseline.items() if i in arm}
    pairs = pair_outcomes(probe.failing, against, arm)
    exposed = any(_differ(base, arm[i]) for i, base in against.items())
    evidence = Evidence(pairs, exposed, curtailed=len(arm) < len(baseline))
    return Trial(arm, evidence, len(baseline))


def _differ(baseline: Outcome, outcome: Outcome) -> bool:
    """Tell whether the model was shown different skills, where both arms have a result."""
    return baseline.injected != outcome.injected and not (baseline.is_error or outcome.is_error)


def run_again(
    wanted: Rerun,
    probe: Probe,
    current: SkillLibrary,
    candidate: SkillLibrary,
    context: Context,
    scope: str,
) -> tuple[Pair, ...]:
    """Run samples afresh in both arms, in one wave.

    Every episode has a scope of its own, so it is a call of its own that a resumed run
    finds again.

    Args:
        wanted: What the gate asked for.
        probe: Where the samples' labels are.
        current: The library as it is.
        candidate: The library on trial.
        context: The run.
        scope: Place of this wave in the run.

    Returns:
        One pair per sample and repeat.
    """
    samples = [context.sample(i) for i in wanted.sample_ids]
    wave = [
        job
        for repeat in range(wanted.repeats)
        for name, library in (("baseline", current), ("candidate", candidate))
        for job in jobs(
            samples,
            with_library(library, context.task),
            f"{scope}/{repeat}/{name}",
            "probe",
            library.names,
        )
    ]
    outcomes = context.engine.run(wave, scope) if wave else []
    pairs: list[Pair] = []
    size = len(samples)
    for start in range(0, len(outcomes), 2 * size):
        arms = (outcomes[start : start + size], outcomes[start + size : start + 2 * size])
        baseline, fresh = ({o.sample_id: o for o in arm} for arm in arms)
        pairs.extend(pair_outcomes(probe.failing, baseline, fresh))
    return tuple(pairs)


def label_holdout(library: SkillLibrary, context: Context, scope: str) -> Sequence[Outcome]:
    """Run the task's ``probe`` split once with the current library, to label its samples."""
    return context.rollouts(
        context.samples("probe"),
        with_library(library, context.task),
        scope=f"{scope}/probe/labels",
        purpose="probe",
        skills=library.names,
    )
