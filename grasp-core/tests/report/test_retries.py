"""A run that waits for its endpoint says so, and not too often."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from grasp.agents.retry import Retrier, Transient, listeners
from grasp.contracts import EndpointError
from grasp.report.progress import RunProgress
from grasp.report.retries import EVERY_S, retries_told


def test_one_line_now_and_then() -> None:
    said: list[str] = []
    now = [0.0]
    with retries_told(said.append, lambda: now[0]):
        for second in (0.0, 1.0, 2.0, EVERY_S, EVERY_S + 1, 3 * EVERY_S):
            now[0] = second
            for listener in listeners:
                listener(f"HTTP 500; retry {second:.0f}")
    assert listeners == []
    assert said == [
        "  HTTP 500; retry 0",
        f"  HTTP 500; retry {int(EVERY_S)} (2 more retries meanwhile)",
        f"  HTTP 500; retry {int(3 * EVERY_S)} (1 more retries meanwhile)",
    ]


def test_a_run_tells_of_its_retries() -> None:
    shown = io.StringIO()

    def attempt() -> None:
        raise Transient(EndpointError("HTTP 500: no [bold]"))

    with (
        RunProgress(Console(file=shown)),
        pytest.raises(EndpointError),
    ):
        Retrier(2, cap=1.0, sleep=lambda _: None).run(attempt)
    (line,) = shown.getvalue().splitlines()
    assert line.startswith("  HTTP 500: no [bold]; retry 1 of 2 in ")
