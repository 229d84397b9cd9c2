"""What the plots show, as plain numbers in per cent: pure, without drawing."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.contracts import RunError
from grasp.methods.gate.statistics import wilson_interval

Event = Mapping[str, Any]

#: Panels of the sensitivity plot: letters of a row's name, axis, and the paper's own value.
SWEPT = (
    ("b", "batch size B", 48.0),
    ("n", "probe size N", 36.0),
    ("k", "candidates K", 4.0),
    ("lam", "penalty λ", 2.0),
)


@dataclass(frozen=True)
class Mark:
    """A value with the ends of its bar, and whether it is drawn filled."""

    x: float
    y: float
    low: float
    high: float
    filled: bool = True


@dataclass(frozen=True)
class Series:
    """A line or a cloud of marks under one name."""

    name: str
    marks: tuple[Mark, ...]


def curve(name: str, runs: Sequence[Sequence[Event]]) -> Series:
    """Return validation accuracy over epochs; -1 is before the first.

    Bars are Wilson's 95 % interval for one run, and one sample standard deviation over several.

    Raises:
        RunError: No run has a validation.
    """
    found: dict[int, list[Event]] = {}
    for events in runs:
        for event in events:
            if event["event"] == "validation":
                epoch = -1 if event["epoch"] == "baseline" else int(event["epoch"])
                found.setdefault(epoch, []).append(event)
    if not found:
        raise RunError(f"{name} has no validation yet", "plot it once an epoch has ended")
    return Series(name, tuple(_validated(epoch, found[epoch]) for epoch in sorted(found)))


def _validated(epoch: int, events: Sequence[Event]) -> Mark:
    if len(events) == 1:
        (event,) = events
        low, high = wilson_interval(event["correct"], event["total"])
        return Mark(epoch, 100 * event["accuracy"], 100 * low, 100 * high)
    shares = [100 * e["accuracy"] for e in events]
    mean, spread = statistics.fmean(shares), statistics.stdev(shares)
    return Mark(epoch, mean, mean - spread, mean + spread)


def gate(events: Iterable[Event]) -> tuple[Series, ...]:
    """Return every candidate's difference on its probe with its 95 % interval, by update.

    Candidates of an update stand side by side; the accepted one is filled.

    Raises:
        RunError: No candidate was probed.
    """
    kept: list[Mark] = []
    others: list[Mark] = []
    updates = [e for e in events if e["event"] == "update" and not e.get("skipped")]
    for number, event in enumerate(updates, start=1):
        probed = [c for c in event.get("candidates", ()) if (c.get("statistics") or {}).get("n")]
        winner = event.get("winner")
        chosen = event["candidates"][winner] if winner is not None else None
        for place, candidate in enumerate(probed):
            told = candidate["statistics"]
            x = number + (place - (len(probed) - 1) / 2) * 0.6 / max(len(probed), 1)
            delta, low, high = (100 * told[name] for name in ("delta", "low", "high"))
            is_kept = candidate is chosen
            (kept if is_kept else others).append(Mark(x, delta, low, high, is_kept))
    if not kept and not others:
        raise RunError("no candidate was probed in this run", "plot its curve: --what curve")
    return (Series("accepted", tuple(kept)), Series("not accepted", tuple(others)))


def sensitivity(cells: Iterable[Any]) -> dict[str, tuple[Series, ...]]:
    """Return, for each swept setting, one series for each column of the table.

    Args:
        cells: Of the table ``sensitivity`` (``grasp.results.cells``).

    Raises:
        RunError: There is no run of a sweep among them, or they are of several models or
            benchmarks.
    """
    cells = [c for c in cells if c.table == "sensitivity"]
    places = sorted({f"{c.model} on {c.benchmark}" for c in cells})
    if len(places) > 1:
        raise RunError(
            f"these runs are of several places: {', '.join(places)}", "name the runs of one"
        )
    panels: dict[str, tuple[Series, ...]] = {}
    for letters, axis, own in SWEPT:
        series = []
        for column, name in (("val_best", "Val*"), ("test", "Test"), ("ood", "OOD")):
            marks = [
                Mark(value, c.mean, c.mean - (c.std or 0), c.mean + (c.std or 0))
                for c in cells
                if c.column == column and (value := _value(c.method, letters, own)) is not None
            ]
            # The published setting alone is no sweep.
            if len(marks) > 1:
                series.append(Series(name, tuple(sorted(marks, key=lambda m: m.x))))
        if series:
            panels[axis] = tuple(series)
    if not panels:
        raise RunError(
            "there is no sweep of B, N, K or lambda among these runs",
            "without RUN the paper's sweeps are drawn",
        )
    return panels


def _value(method: str, letters: str, own: float) -> float | None:
    if method == "grasp":
        return own
    found = re.fullmatch(rf"{letters}([\d.]+)", method)
    return float(found.group(1)) if found else None
