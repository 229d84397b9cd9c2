"""Evo-memory: every episode is reflected on, stored, and may change the rules."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from grasp import Agent, Method, Task
from grasp.contracts import Outcome
from grasp.methods import Batch, Context
from grasp.methods.grasp.answers import AnswerError, read_json
from grasp_baselines.evo import text
from grasp_baselines.evo.selection import render, select_rules, utility
from grasp_baselines.evo.store import MAX_TAGS, Episode, Memory, Rule, credit, merge
from grasp_baselines.placement import BlockAgent
from grasp_baselines.restoring import rows
from grasp_baselines.settings import EvoParams, params_of
from grasp_baselines.writing import ask, response

MAX_TASK, MAX_TEXT, MAX_GUIDELINE, MAX_GUIDELINES, MAX_RESPONSE = 1200, 600, 240, 5, 1200


@dataclass(frozen=True)
class Reflection:
    """What the writer made of an episode."""

    summary: str = ""
    analysis: str = ""
    guidelines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    store_episode: bool = True
    update_rules: bool = False


class EvoMemory(Method):
    """Learns from every episode, right or wrong."""

    name: ClassVar[str] = "evo-memory"

    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        self._params = params_of(EvoParams, config)
        self._memory = Memory()

    def batch_size(self, samples: int) -> int:
        """Return 1: memory changes after every episode."""
        return 1

    def wrap(self, agent: Agent) -> Agent:
        """Return the agent as it acts with what fits what it was told."""
        memory = self._memory
        return BlockAgent(
            agent, lambda query: render(memory, query, self._params), self.task, heading=True
        )

    def learn(self, batch: Batch, context: Context) -> None:
        """Reflect on each episode that could be run."""
        for outcome in batch.outcomes:
            if not outcome.is_error:
                self._learn(outcome, batch, context)

    def _learn(self, outcome: Outcome, batch: Batch, context: Context) -> None:
        scope = f"{batch.scope}/{outcome.sample_id}"
        shown = self._shown(outcome)
        reflection = self._reflect(outcome, shown, scope, context)
        rules = credit(
            self._memory.rules,
            [rule.id for rule in shown],
            correct=outcome.correct,
            analysis=reflection.analysis,
            tags=reflection.tags,
        )
        episodes = self._memory.episodes
        if self._params.episodic_enabled and reflection.store_episode:
            episodes = (*episodes, _episode(outcome, reflection, scope))
        if self._params.semantic_enabled and reflection.guidelines:
            rules = self._curate(rules, reflection, scope, context)
        self._memory = Memory(episodes[-self._params.max_episodes :], self._sorted(rules))
        context.record(
            "evo",
            epoch=batch.epoch,
            cycle=batch.cycle,
            sample=outcome.sample_id,
            correct=outcome.correct,
            reflection=asdict(reflection),
            shown=[rule.id for rule in shown],
            rules=[rule.text for rule in self._memory.rules],
            episodes=len(self._memory.episodes),
        )

    def _shown(self, outcome: Outcome) -> list[Rule]:
        return select_rules(self._memory.rules, outcome.instruction, self._params)

    def _reflect(
        self, outcome: Outcome, shown: list[Rule], scope: str, context: Context
    ) -> Reflection:
        answer = ask(
            context,
            "reflect",
            f"{scope}/reflect",
            "evo_reflect",
            family=self.task.updater_task_family,
            outcome=outcome,
            response=text.cut(response(outcome.agent_actions, outcome.answer), MAX_RESPONSE),
            reference=self._params.reference(outcome, self.task),
            shown=[rule.text for rule in shown],
        )
        if answer is None:
            return Reflection()
        try:
            value = read_json(answer)
        except AnswerError:
            value = {}
        return read_reflection(value)

    def _curate(
        self, rules: tuple[Rule, ...], reflection: Reflection, scope: str, context: Context
    ) -> tuple[Rule, ...]:
        known = [rule.text for rule in rules]
        both = [*known, *reflection.guidelines]
        wanted: list[str] = both
        if reflection.update_rules:
            answer = ask(
                context,
                "curate",
                f"{scope}/curate",
                "evo_curate",
                family=self.task.updater_task_family,
                rules=known,
                reflection=reflection,
                limit=self._params.max_semantic_rules,
            )
            wanted = read_rules(answer) or both
        limit = self._params.max_semantic_rules
        return merge(rules, wanted, limit) or merge(rules, both, limit)

    def _sorted(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        def rank(rule: Rule) -> tuple[int, float, str]:
            return (text.priority(rule.text), -utility(rule, rules, self._params.ucb_c), rule.text)

        return tuple(sorted(rules, key=rank)[: self._params.max_semantic_rules])

    def state(self) -> Memory:
        """Return episodes and rules."""
        return self._memory

    def load(self, state: Any) -> None:
        """Restore episodes and rules."""
        self._memory = state

    def artifact(self) -> dict[str, Any]:
        """Return episodes and rules as JSON data."""
        return {
            "episodes": [asdict(episode) for episode in self._memory.episodes],
            "rules": [asdict(rule) for rule in self._memory.rules],
        }

    def load_artifact(self, data: Any) -> None:
        """Restore episodes and rules; ``ValueError`` if the data is none."""
        if not isinstance(data, dict):
            raise ValueError("episodes and rules are not a mapping")
        self._memory = Memory(rows(Episode, data.get("episodes")), rows(Rule, data.get("rules")))


def read_reflection(value: Any) -> Reflection:
    """Read a reflection; what is missing or malformed is empty (baselines.md, 4, epoch)."""
    if not isinstance(value, dict):
        value = {}
    raw = value.get("action_guidelines")
    found: dict[str, str] = {}
    for item in raw if isinstance(raw, list) else []:
        rule = text.normal(str(item))[:MAX_GUIDELINE]
        if text.actionable(rule):
            found.setdefault(text.key(rule), rule)
    tags = value.get("tags")
    return Reflection(
        summary=text.cut(str(value.get("episodic_summary") or ""), MAX_TEXT),
        analysis=text.cut(str(value.get("failure_analysis") or ""), MAX_TEXT),
        guidelines=tuple(found.values())[:MAX_GUIDELINES],
        tags=text.clean_tags(tags if isinstance(tags, list) else [], MAX_TAGS),
        store_episode=bool(value.get("should_store_episode", True)),
        update_rules=bool(value.get("should_update_semantic", False)),
    )


def read_rules(answer: str | None) -> list[str]:
    """Return the rules of a curation; none if it is unusable."""
    if answer is None:
        return []
    try:
        value = read_json(answer)
    except AnswerError:
        return []
    rules = value.get("updated_rules") if isinstance(value, dict) else None
    return [str(rule) for rule in rules] if isinstance(rules, list) else []


def _episode(outcome: Outcome, reflection: Reflection, scope: str) -> Episode:
    return Episode(
        id=f"epi_{hashlib.sha256(scope.encode()).hexdigest()[:12]}",
        sample_id=outcome.sample_id,
        task=text.cut(outcome.instruction, MAX_TASK),
        is_correct=outcome.correct,
        summary=reflection.summary,
        analysis=reflection.analysis,
        guidelines=reflection.guidelines,
        tags=reflection.tags,
    )
