"""What is remembered: episodes, and rules with their record. Immutable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from grasp_baselines.evo import text


@dataclass(frozen=True)
class Episode:
    """A past episode, as the writer saw it."""

    id: str
    sample_id: str
    task: str
    is_correct: bool
    summary: str
    analysis: str
    guidelines: tuple[str, ...]
    tags: tuple[str, ...]
    #: The expected answer, where the writer may see it; agents never do.
    ground_truth: str = ""

    @property
    def words(self) -> str:
        """Everything it can be found by."""
        return " ".join([self.task, self.summary, self.analysis, *self.guidelines, *self.tags])


@dataclass(frozen=True)
class Rule:
    """A rule with its priority before it, and how often it was shown and went well."""

    id: str
    text: str
    tags: tuple[str, ...]
    shown: int = 0
    success: int = 0
    failure: int = 0


class Memory(NamedTuple):
    """All that has been learned; newest episode last."""

    episodes: tuple[Episode, ...] = ()
    rules: tuple[Rule, ...] = ()


def new_rule(words: str, most_tags: int) -> Rule:
    """Return a rule that has never been shown."""
    digest = hashlib.sha256(text.key(words).encode()).hexdigest()[:12]
    return Rule(f"rule_{digest}", words, text.infer_tags(words, most_tags))


def merge(rules: Sequence[Rule], wanted: Iterable[str], most_tags: int) -> tuple[Rule, ...]:
    """Return rules for the texts that are wanted; those known keep their record.

    What is not actionable or said twice is dropped.
    """
    known = {text.key(rule.text): rule for rule in rules}
    found: dict[str, Rule] = {}
    for words in map(text.normal, wanted):
        if text.actionable(words):
            key = text.key(words)
            before = known.get(key)
            rule = replace(before, text=words) if before else new_rule(words, most_tags)
            found.setdefault(key, rule)
    return tuple(found.values())


def credit(
    rules: Sequence[Rule],
    shown: Iterable[str],
    *,
    correct: bool,
    analysis: str,
    tags: Sequence[str],
) -> tuple[Rule, ...]:
    """Return rules with an episode added to the record of those that were shown.

    A failure counts against a rule only if it has to do with it.
    """
    ids = set(shown)
    found = []
    for rule in rules:
        if rule.id in ids:
            related = max(
                text.overlap(analysis, rule.text), text.overlap(" ".join(tags), " ".join(rule.tags))
            )
            rule = replace(
                rule,
                shown=rule.shown + 1,
                success=rule.success + correct,
                failure=rule.failure + (not correct and related > 0),
            )
        found.append(rule)
    return tuple(found)
