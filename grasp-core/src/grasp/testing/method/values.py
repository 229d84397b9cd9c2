"""Checks of a method's class, of its state, and of the agent it wraps."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from grasp.plugins.loading import one_line
from grasp.testing import world
from grasp.testing.checks import Broken
from grasp.testing.difference import difference
from grasp.testing.driving import driver
from grasp.testing.method.case import MethodCase


def method_class(case: MethodCase) -> Iterator[Broken]:
    """The factory is a subclass of ``grasp.Method``."""
    if not case.is_method:
        kind = case.kind
        yield Broken(
            f"{getattr(kind, '__qualname__', kind)!r} is not a subclass of grasp.Method",
            "inherit from grasp.Method and override wrap, learn, state and load",
        )


def states_are_values(case: MethodCase) -> Iterator[Broken]:
    """``state`` returns a value: learning on doesn't change what it returned before."""
    for value, copied in case.whole.watch.states:
        if value != copied:
            yield Broken(
                f"a state changed after it was returned: {difference(copied, value) or value!r}",
                "return an immutable value or a copy; the harness keeps it as the best checkpoint",
            )
            return


def states_can_be_loaded(case: MethodCase) -> Iterator[Broken]:
    """After ``load(state)``, ``state()`` is equal to it."""
    watch = case.whole.watch
    for value, told in watch.reloaded:
        if value != told:
            yield Broken(
                f"after load() of a state, state() differs: {difference(value, told) or told!r}",
                "let load() restore all that state() tells, and nothing else",
            )
            return
    learned = {repr(told) for _, told in watch.states}
    best = case.whole.result.learning
    if len(learned) == 1 and best is not None and len(best.library):
        yield Broken(
            "state() is the same before and after learning, though there are skills",
            "return everything that was learned from state(); the best checkpoint is made of it",
        )


def transparent_wrap(case: MethodCase) -> Iterator[Broken]:
    """``wrap`` returns an agent that passes on what the task asks for, and changes no history."""
    inner = driver(world.answer)
    agent = case.whole.watch.method.wrap(inner)
    if not callable(getattr(agent, "inference", None)) or not hasattr(agent, "usage"):
        yield Broken(
            f"wrap() returned a {type(agent).__name__} without inference() and usage",
            "return the agent itself, or one that wraps it and has both",
        )
        return
    item = world.Words().samples("dev")[0]
    history = [
        {"role": "system", "content": world.ACTING},
        {"role": "user", "content": item["instruction"]},
    ]
    given = copy.deepcopy(history)
    try:
        agent.inference(given, stop=["\n"], max_tokens=50)
    except TypeError as error:
        yield Broken(
            f"the wrapped agent doesn't take the options a task may give: {one_line(error)}",
            "def inference(self, history, tools=None, **options), and pass the options on",
        )
        return
    changed = difference(history, given)
    if changed:
        yield Broken(
            f"the wrapped agent changed the task's history: {changed}",
            "copy the messages first: [dict(m) for m in history]",
        )


CHECKS = (states_are_values, states_can_be_loaded, transparent_wrap)
