"""ExpeL: after every epoch, critiques of pairs and of successes change a list of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from grasp import Agent, Method, Task
from grasp.methods import Batch, Context
from grasp_baselines.expel.experience import Experience, Trial
from grasp_baselines.expel.rules import Operation, Rule, apply, read_operations, render_rules
from grasp_baselines.placement import BlockAgent
from grasp_baselines.restoring import rows
from grasp_baselines.settings import ExpelParams, params_of
from grasp_baselines.writing import ask


class ExpelState(NamedTuple):
    """What ExpeL has learned."""

    rules: tuple[Rule, ...] = ()
    experience: Experience = Experience()


class Expel(Method):
    """Learns rules from what failed beside what succeeded."""

    name: ClassVar[str] = "expel"

    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        self._params = params_of(ExpelParams, config)
        self._state = ExpelState()

    def batch_size(self, samples: int) -> int:
        """Return the whole epoch: rules are frozen within it."""
        return max(samples, 1)

    def wrap(self, agent: Agent) -> Agent:
        """Return the agent as it acts with all rules."""
        block = render_rules(self._state.rules)
        first_only = self._params.upstream_compat
        return BlockAgent(agent, lambda query: block, self.task, first_only=first_only)

    def is_bare(self, empty: Any) -> bool:
        """Tell whether there are no rules: experience alone shows nothing."""
        return not self._state.rules

    def learn(self, batch: Batch, context: Context) -> None:
        """Critique all pairs and some successes, all against the same rules."""
        compat = self._params.upstream_compat
        rules = self._state.rules
        experience = self._state.experience.add(batch.outcomes)
        pairs = experience.pairs()
        successes = self._successes(experience)
        jobs: list[tuple[str, Sequence[Trial]]] = [("pair", pair) for pair in pairs]
        if successes:
            jobs.append(("successes", successes))

        def critique(number: int) -> list[Operation]:
            template, trials = jobs[number]
            answer = ask(
                context,
                "critique",
                f"{batch.scope}/critique/{number}",
                f"expel_{template}",
                family=self.task.updater_task_family,
                trials=trials,
                rules=rules,
                full=len(rules) >= self._params.max_num_rules,
            )
            return read_operations(answer, compat=compat) if answer else []

        answers = context.engine.executor.map(
            critique, range(len(jobs)), on_interrupt=context.writer.cancel
        )
        operations = [operation for answer in answers for operation in answer]
        changed = apply(rules, operations, self._params.max_num_rules, compat=compat)
        self._state = ExpelState(changed, experience)
        context.record(
            "expel",
            epoch=batch.epoch,
            pairs=len(pairs),
            operations=[asdict(operation) for operation in operations],
            rules=[asdict(rule) for rule in changed],
        )

    def _successes(self, experience: Experience) -> tuple[Trial, ...]:
        size = self._params.success_sample
        if self._params.upstream_compat:
            return experience.successes[:size]  # The same ten after the first epoch.
        return experience.successes[-size:]

    def state(self) -> ExpelState:
        """Return rules and experience."""
        return self._state

    def load(self, state: Any) -> None:
        """Restore rules and experience."""
        self._state = state

    def artifact(self) -> list[dict[str, Any]]:
        """Return the rules."""
        return [asdict(rule) for rule in self._state.rules]

    def load_artifact(self, data: Any) -> None:
        """Restore rules; ``ValueError`` if the data is none."""
        self._state = ExpelState(rows(Rule, data))
