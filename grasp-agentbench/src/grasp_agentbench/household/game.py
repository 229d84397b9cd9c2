"""A game: what there is, where it is at first, and what is to be done. Immutable."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.contracts import TaskError
from grasp_agentbench.household import pddl
from grasp_agentbench.household.goal import check_goal

#: Predicate -> the tuples of names for which it holds.
Facts = Mapping[str, frozenset[tuple[str, ...]]]

_TASK = re.compile(r"Your task is to: (.*?)\"")


@dataclass(frozen=True)
class Game:
    """A household problem.

    Attributes:
        facts: As they are at first.
        goal: A PDDL condition.
        names: Identifier -> how people call it, such as ``desk 1``.
        task: The task in words.
        walkthrough: Commands that solve it, in the game's own grammar.
    """

    facts: Facts
    goal: pddl.Expression
    names: Mapping[str, str]
    task: str
    walkthrough: tuple[str, ...] = ()


def read_game(path: Path) -> Game:
    """Read a file ``game.tw-pddl``.

    Raises:
        TaskError: It can't be read or is not a game.
    """
    try:
        return make_game(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise TaskError(
            f"{path} is not an ALFWorld game: {type(error).__name__}: {error}",
            "take the games of ALFWorld's releases (json_2.1.1 or later)",
        ) from None


def make_game(data: Mapping[str, Any]) -> Game:
    """Make a game of the content of a game file.

    Raises:
        ValueError: It is none.
    """
    problem = pddl.parse(data["pddl_problem"])
    told = _TASK.search(data["grammar"])
    if told is None:
        raise ValueError("the grammar does not say what the task is")
    facts: dict[str, set[tuple[str, ...]]] = {}
    for fact in pddl.section(problem, ":init"):
        if all(isinstance(part, str) for part in fact) and fact[0] != "=":
            facts.setdefault(fact[0], set()).add(tuple(fact[1:]))
    (goal,) = pddl.section(problem, ":goal")
    check_goal(goal)
    names = call_names(pddl.typed_names(pddl.section(problem, ":objects")))
    if not names:
        raise ValueError("there are no objects")
    return Game(
        facts={name: frozenset(found) for name, found in facts.items()},
        goal=goal,
        names=names,
        task=told[1],
        walkthrough=tuple(data.get("walkthrough") or ()),
    )


def call_names(types: Mapping[str, str]) -> dict[str, str]:
    """Return how things are called: kinds are numbered by their sorted ids, the highest first."""
    kinds = {name: _kind(name) for name in sorted(types) if "_bar_" in name}
    left = Counter(kinds.values())
    names = {}
    for name, kind in kinds.items():
        names[name] = f"{kind} {left[kind]}"
        left[kind] -= 1
    return names


def _kind(name: str) -> str:
    kind = name.split("_bar_", 1)[0]
    return kind + "basin" if "basin" in name else kind
