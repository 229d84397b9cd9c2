"""Checks of what a task says of its environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from grasp.contracts import TaskBackend
from grasp.plugins.loading import one_line
from grasp.testing.checks import Broken
from grasp.testing.task.case import TaskCase


def told_backends(case: TaskCase) -> Iterator[Broken]:
    """``grasp doctor`` can tell the ways to run the environment: names, and remedies."""
    task = case.task
    try:
        found = task.backends()
    except Exception as error:
        yield Broken(
            f"backends() raised {one_line(error)}",
            "return a TaskBackend with usable=False and a remedy for what isn't there",
        )
        return
    if not isinstance(found, Sequence) or not all(isinstance(b, TaskBackend) for b in found):
        yield Broken(f"backends() returned {found!r}"[:200], "return a sequence of TaskBackend")
        return
    twice = [name for name, n in Counter(b.name for b in found).items() if n > 1 or not name]
    if twice:
        yield Broken(
            f"backends() names {twice[0]!r} {'twice' if twice[0] else 'for a name'}",
            "give each the name that the task's parameter has for it",
        )
    for backend in found:
        if not backend.usable and not backend.remedy:
            yield Broken(
                f"backends() says that {backend.name!r} can't be used, and not what to do",
                "name the command or the words that make it usable as its remedy",
            )
    if sum(b.chosen for b in found) > 1:
        yield Broken("backends() has more than one that is chosen", "choose one")


CHECKS = (told_backends,)
