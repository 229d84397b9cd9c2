"""Whether a PDDL condition holds: ``and``, ``exists``, ``not (= a b)`` and facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

_Facts = Mapping[str, AbstractSet[tuple[str, ...]]]
_Binding = Mapping[str, str]


def satisfied(goal: Any, facts: _Facts) -> bool:
    """Tell whether a condition holds.

    Raises:
        ValueError: It has a form that ALFRED's goals don't have.
    """
    return next(_solutions(list(_flat(goal)), facts, {}), None) is not None


def check_goal(goal: Any) -> None:
    """See that a condition has the form of ALFRED's goals.

    Raises:
        ValueError: It has not.
    """
    for condition in _flat(goal):
        inner = condition
        if not isinstance(condition, list):
            raise ValueError(f"a goal may not say {condition!r}")
        if condition[0] == "not":
            (inner,) = condition[1:]
            if inner[0] != "=" or len(inner) != 3:
                raise ValueError(f"a goal may not say {condition!r}")
        if not all(isinstance(part, str) for part in inner):
            raise ValueError(f"a goal may not say {inner[0]!r}")


def _flat(condition: Any) -> Iterator[Any]:
    """Yield the conditions that must hold; their variables are of the whole condition."""
    if condition[0] == "and":
        for part in condition[1:]:
            yield from _flat(part)
    elif condition[0] == "exists":
        yield from _flat(condition[2])
    else:
        yield condition


def _solutions(conditions: Sequence[Any], facts: _Facts, binding: _Binding) -> Iterator[_Binding]:
    """Yield the bindings of variables under which all conditions hold."""
    # What two things must not be is asked once both are known.
    positive = [c for c in conditions if c[0] != "not"]
    if not positive:
        if all(_differ(c, binding) for c in conditions):
            yield binding
        return
    first = positive[0]
    rest = [c for c in conditions if c is not first]
    for fact in facts.get(first[0], ()):
        found = _match(first[1:], fact, binding)
        if found is not None:
            yield from _solutions(rest, facts, found)


def _match(names: Sequence[str], fact: Sequence[str], binding: _Binding) -> _Binding | None:
    found = dict(binding)
    for name, value in zip(names, fact, strict=True):
        known = found.setdefault(name, value) if name.startswith("?") else name
        if known != value:
            return None
    return found


def _differ(condition: Any, binding: _Binding) -> bool:
    inner = condition[1]
    if inner[0] != "=":
        raise ValueError(f"a goal may not say {condition!r}")
    return bool(binding.get(inner[1], inner[1]) != binding.get(inner[2], inner[2]))
