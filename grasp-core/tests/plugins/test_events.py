"""Observers: they see every event of a run, and can neither change nor fail it."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from grasp import hookimpl
from grasp.plugins import configure, emit, fresh

from .conftest import MakeModule
from .distributions import Install

EVENT = {"event": "epoch", "rows": [{"id": "a"}]}


@pytest.fixture
def seen(install: Install, module: MakeModule) -> list[Any]:
    """What an observer saw that is asked after ``demo-observer``."""
    events: list[Any] = []

    @hookimpl
    def grasp_event(event: Mapping[str, Any]) -> None:
        events.append(event)

    module("demo_watches", grasp_event=grasp_event)
    install("demo-observer")
    configure(modules=["demo_watches"])
    return events


def test_an_observer_gets_a_copy_and_can_not_fail_the_run(seen: list[Any]) -> None:
    event = copy.deepcopy(EVENT)
    emit(event)
    assert event == EVENT, "demo-observer writes into what it is given"
    assert seen == [EVENT], "the next observer sees the event as it was"
    seen[0]["rows"].clear()
    emit(event)
    assert seen[1] == EVENT


def test_a_failing_observer_is_told_once(seen: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "grasp.plugins"):
        for _ in range(3):
            emit(EVENT)
    assert [r.getMessage() for r in caplog.records] == [
        "the observer of demo-observer failed (SystemExit: the observer gives up); "
        "its further failures are not shown"
    ]
    assert len(seen) == 3


def test_an_interrupt_in_an_observer_is_the_users(module: MakeModule) -> None:
    @hookimpl
    def grasp_event(event: Mapping[str, Any]) -> None:
        raise KeyboardInterrupt

    module("demo_interrupting", grasp_event=grasp_event)
    with fresh(modules=["demo_interrupting"]) as plugins, pytest.raises(KeyboardInterrupt):
        plugins.emit(EVENT)


def test_a_run_is_shown_to_observers_and_survives_them(
    seen: list[Any], install: Install, grasp: Callable[..., Any]
) -> None:
    install("demo-good", "demo-observer")
    configure(modules=["demo_watches"])
    ran = grasp("run", "demo-words", "--agent", "demo-echo", "--run-dir", "r", "--json")
    assert ran.code == 0, ran.err
    import demo_good.plugin  # type: ignore[import-not-found]

    names = [e["event"] for e in seen]
    assert names == demo_good.plugin.SEEN
    assert {"validation", "spoilt"} & set(names) == {"validation"}
