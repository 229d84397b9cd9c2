"""Counted rules, and the operations that a writer makes on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

#: Counter of a new rule.
NEW = 2
#: Operations in the order in which they are applied.
ORDER = ("REMOVE", "AGREE", "EDIT", "ADD")

_LINE = re.compile(
    r"(?:^|\n)[ \t]*[-*]?[ \t]*(ADD|AGREE|EDIT|REMOVE)(?:[ \t]+(\d+))?[ \t]*:[ \t]*"
    r"(?:[A-Za-z0-9]+:[ \t]+)?([^\n]*)"
)


@dataclass(frozen=True)
class Rule:
    """A rule; ``counter`` rises when it is agreed with and falls when it is doubted."""

    text: str
    counter: int = NEW


@dataclass(frozen=True)
class Operation:
    """What to do with a rule; ``number`` counts from 1, ``None`` where none was given."""

    kind: str
    number: int | None
    text: str


def read_operations(answer: str) -> list[Operation]:
    """Return the operations of a writer's answer, in their order."""
    found = []
    for kind, number, text in _LINE.findall(answer):
        text = text.strip()
        if not text or any(word in text for word in ("ADD", "AGREE", "EDIT")):
            continue
        if not text.endswith("."):
            text += "."
        given = int(number) if number and kind != "ADD" else None
        found.append(Operation(kind, given, text))
    return found


def apply(
    rules: Sequence[Rule], operations: Iterable[Operation], limit: int, *, compat: bool = False
) -> tuple[Rule, ...]:
    """Apply all operations at once.

    Args:
        rules: As they are.
        operations: Of all critiques.
        limit: Rules that are kept, those with the highest counters.
        compat: Look for a rule's number in the operation's *text*, as the original does,
            so that only ADD has an effect; keep equal ADDs.
    """
    known = {rule.text for rule in rules}
    full = len(rules) >= limit
    sorted_out: dict[str, list[tuple[int, str]]] = {kind: [] for kind in ORDER}
    for operation in operations:
        kind = operation.kind
        if kind == "ADD":
            if operation.text not in known:
                sorted_out["ADD"].append((-1, operation.text))
                if not compat:
                    known.add(operation.text)
            continue
        index = _index(rules, operation, compat)
        if index is None:
            continue
        if kind == "EDIT" and rules[index].text == operation.text:
            kind = "AGREE"
        sorted_out[kind].append((index, operation.text))
    changed = list(rules)
    for index, _ in sorted_out["REMOVE"]:
        changed[index] = replace(
            changed[index], counter=changed[index].counter - (3 if full else 1)
        )
    for index, _ in sorted_out["AGREE"]:
        changed[index] = replace(changed[index], counter=changed[index].counter + 1)
    for index, text in sorted_out["EDIT"]:
        changed[index] = Rule(text, changed[index].counter + 1)
    changed += [Rule(text) for _, text in sorted_out["ADD"]]
    kept = [rule for rule in changed if rule.counter > 0]
    return tuple(sorted(kept, key=lambda rule: -rule.counter)[:limit])


def _index(rules: Sequence[Rule], operation: Operation, compat: bool) -> int | None:
    if compat:
        return next((n for n in range(len(rules)) if str(n + 1) in operation.text), None)
    if operation.number is not None:
        index = operation.number - 1
        return index if 0 <= index < len(rules) else None
    if operation.kind == "EDIT":
        return None
    # Without a number, the rule is the one that the operation quotes.
    return next((n for n, r in enumerate(rules) if r.text.rstrip(".") in operation.text), None)


def render_rules(rules: Sequence[Rule]) -> str:
    """Return the block that an agent is shown; empty without rules."""
    if not rules:
        return ""
    lines = [f"{n}. {rule.text}" for n, rule in enumerate(rules, 1)]
    return "\n".join(["Insights from earlier tasks, the most important first:", *lines])
