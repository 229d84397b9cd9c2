"""Counted rules, and the operations that a writer makes on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

#: Counter of a new rule.
NEW = 2
#: Operations in the order in which they are applied.
ORDER = ("REMOVE", "AGREE", "EDIT", "ADD")

#: Digits of a number that may be a rule's.
_DIGITS = 6

#: A line may begin with marks of a list, and be bold in part or as a whole.
_LINE = re.compile(
    r"^[ \t]*(?:(?:[-•]|\*(?!\*)|\d{1,3}[.)])[ \t]*)*(?P<bold>\*\*)?"
    r"(?P<kind>ADD|AGREE|EDIT|REMOVE)(?:[ \t]+(?P<number>\d+))?"
    r"(?P<inner>\*\*)?[ \t]*:(?P<outer>\*\*)?[ \t]*"
    r"(?:[A-Za-z0-9]+:[ \t]+)?(?P<text>[^\n]*)",
    re.MULTILINE,
)
#: The original's, wherever it stands.
_ANYWHERE = re.compile(
    r"(?P<kind>ADD|AGREE|EDIT|REMOVE)(?: (?P<number>\d+))?: (?:[A-Za-z0-9]+: )?(?P<text>.*)"
)
_WORD = re.compile(r"\w")


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


def read_operations(answer: str, *, compat: bool = False) -> list[Operation]:
    """Return the operations of a writer's answer, in their order.

    Args:
        answer: One operation on each line.
        compat: Find them within a line too, but behind no bold; take texts without a word.
    """
    found = []
    for match in (_ANYWHERE if compat else _LINE).finditer(answer):
        kind, number, text = match["kind"], match["number"], match["text"].strip()
        if not compat:
            if match["bold"] and not (match["inner"] or match["outer"]):
                text = "".join(text.rsplit("**", 1)).strip()  # The whole line is bold.
            if not _WORD.search(text):
                continue
        if not text or any(word in text for word in ("ADD", "AGREE", "EDIT")):
            continue
        if not text.endswith("."):
            text += "."
        is_number = number and len(number) <= _DIGITS and kind != "ADD"
        found.append(Operation(kind, int(number) if is_number else None, text))
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
            so that only ADD has an effect; keep rules that have become equal.
    """
    known = {rule.text for rule in rules}
    full = len(rules) >= limit
    sorted_out: dict[str, list[tuple[int, str]]] = {kind: [] for kind in ORDER}
    for operation in operations:
        kind = operation.kind
        if kind == "ADD":
            if operation.text not in known:
                sorted_out["ADD"].append((-1, operation.text))
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
    kept.sort(key=lambda rule: -rule.counter)
    if not compat:
        texts: dict[str, Rule] = {}
        for rule in kept:  # Critiques may add the same, or edit a rule into another.
            texts.setdefault(rule.text, rule)
        kept = list(texts.values())
    return tuple(kept[:limit])


def _index(rules: Sequence[Rule], operation: Operation, compat: bool) -> int | None:
    if compat:
        return next((n for n in range(len(rules)) if str(n + 1) in operation.text), None)
    if operation.number is not None and 0 < operation.number <= len(rules):
        return operation.number - 1
    if operation.kind == "EDIT":
        return None
    # Without a number of a rule, it is the one that the operation quotes: as a whole, or most of.
    texts = [rule.text for rule in rules]
    if operation.text in texts:
        return texts.index(operation.text)
    quoted = [
        (len(text), -n)
        for n, text in enumerate(texts)
        if _WORD.search(text) and text.rstrip(".") in operation.text
    ]
    return -max(quoted)[1] if quoted else None


def render_rules(rules: Sequence[Rule]) -> str:
    """Return the block that an agent is shown; empty without rules."""
    if not rules:
        return ""
    lines = [f"{n}. {rule.text}" for n, rule in enumerate(rules, 1)]
    return "\n".join(["Insights from earlier tasks, the most important first:", *lines])
