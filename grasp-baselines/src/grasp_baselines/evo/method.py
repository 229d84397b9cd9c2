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
from grasp_baselines.evo.store import Episode, Memory, Rule, credit, merge
from grasp_baselines.placement import BlockAgent
from grasp_baselines.restoring import rows
from grasp_baselines.settings import EvoParams, params_of
from grasp_baselines.writing import ask, question, response

#: Sizes of texts in characters.
MAX_TASK, MAX_TEXT, MAX_TRUTH, MAX_GUIDELINE, MAX_RESPONSE = 1200, 600, 800, 240, 1200
MAX_GUIDELINES, MAX_TAGS = 5, 10

_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


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
            agent,
            lambda query: render(memory, query, self._params),
            self.task,
            heading=True,
            roles=("user",),
        )

    def bare(self, agent: Agent) -> Agent:
        """Return the agent as it is: in ``upstream_compat`` an empty memory has a header."""
        return agent

    def is_bare(self, empty: Any) -> bool:
        """Tell whether agents are shown nothing, whatever they are told."""
        return not self._params.upstream_compat and self._memory == empty

    def learn(self, batch: Batch, context: Context) -> None:
        """Reflect on each episode that could be run."""
        for outcome in batch.outcomes:
            if not outcome.is_error:
                self._learn(outcome, batch, context)

    def _learn(self, outcome: Outcome, batch: Batch, context: Context) -> None:
        scope = f"{batch.scope}/{outcome.sample_id}"
        asked = question(outcome, context)
        done = "\n".join(part for part in (asked, outcome.answer) if part)
        reflection = self._reflect(outcome, asked, scope, context)
        shown = [rule.id for rule in self._shown(done)]
        rules = credit(
            self._memory.rules,
            shown,
            correct=outcome.correct,
            analysis=reflection.analysis,
            tags=reflection.tags,
        )
        episodes = self._memory.episodes
        if self._params.episodic_enabled and reflection.store_episode:
            reference = self._params.reference(outcome, self.task)
            episodes = (*episodes, _episode(outcome, done, reference, reflection, scope))
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
            shown=shown,
            rules=[rule.text for rule in self._memory.rules],
            episodes=len(self._memory.episodes),
        )

    def _shown(self, query: str) -> list[Rule]:
        return select_rules(self._memory.rules, query, self._params)

    def _reflect(self, outcome: Outcome, asked: str, scope: str, context: Context) -> Reflection:
        answer = ask(
            context,
            "reflect",
            f"{scope}/reflect",
            "evo_reflect",
            family=self.task.updater_task_family,
            asked=asked,
            outcome=outcome,
            response=text.cut(response(outcome.agent_actions, outcome.answer), MAX_RESPONSE),
            reference=self._params.reference(outcome, self.task),
            shown=[rule.text for rule in self._shown(asked)],
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
        """Return the rules with the guidelines among them, in no order."""
        tags, limit = self._params.max_tags_per_rule, self._params.max_semantic_rules
        known = [rule.text for rule in rules]
        both = merge(rules, [*known, *reflection.guidelines], tags)
        if not reflection.update_rules:
            return both  # A new rule is cut off only by better ones.
        answer = ask(
            context,
            "curate",
            f"{scope}/curate",
            "evo_curate",
            family=self.task.updater_task_family,
            rules=known,
            reflection=reflection,
            limit=limit,
        )
        return (merge(rules, read_rules(answer), tags) or both)[:limit]

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
    found: dict[str, str] = {}
    for rule in map(text.normal, _texts(value.get("action_guidelines"))):
        if text.actionable(rule):
            found.setdefault(text.key(rule), rule)
    tags = value.get("tags")
    return Reflection(
        summary=text.cut(str(value.get("episodic_summary") or ""), MAX_TEXT),
        analysis=text.cut(str(value.get("failure_analysis") or ""), MAX_TEXT),
        guidelines=tuple(rule[:MAX_GUIDELINE] for rule in found.values())[:MAX_GUIDELINES],
        tags=text.clean_tags(tags if isinstance(tags, list) else [], MAX_TAGS),
        store_episode=_flag(value.get("should_store_episode"), True),
        update_rules=_flag(value.get("should_update_semantic"), False),
    )


def read_rules(answer: str | None) -> list[str]:
    """Return the rules of a curation; none if it is unusable."""
    if answer is None:
        return []
    try:
        value = read_json(answer)
    except AnswerError:
        return []
    return _texts(value.get("updated_rules")) if isinstance(value, dict) else []


def _texts(value: Any) -> list[str]:
    """Return the texts of a list; an object has its own in ``text``."""
    items = value if isinstance(value, list) else []
    texts = [item.get("text") if isinstance(item, dict) else item for item in items]
    return [item for item in texts if isinstance(item, str)]


def _flag(value: Any, default: bool) -> bool:
    """Return a truth value, also of a word."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), default)
    return bool(value) if isinstance(value, int | float) else default


def _episode(
    outcome: Outcome, done: str, reference: str, reflection: Reflection, scope: str
) -> Episode:
    return Episode(
        id=f"epi_{hashlib.sha256(scope.encode()).hexdigest()[:12]}",
        sample_id=outcome.sample_id,
        task=text.cut(done, MAX_TASK),
        is_correct=outcome.correct,
        summary=reflection.summary,
        analysis=reflection.analysis,
        guidelines=reflection.guidelines,
        tags=reflection.tags,
        ground_truth=text.cut(reference, MAX_TRUTH),
    )
