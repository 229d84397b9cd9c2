"""What a tracker of experiments wants to know of a run's events: pure, no tracker needed."""

from __future__ import annotations

import hashlib
import json
import re
import socket
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Event = Mapping[str, Any]

_NOT_IN_KEYS = re.compile(r"[^\w\-./ ]")


class Metric(NamedTuple):
    """One point of a curve."""

    key: str
    value: float
    step: int


def key(run_dir: str) -> str:
    """Return what a run is recognised by when it is resumed: its folder on its machine."""
    return hashlib.sha256(f"{socket.gethostname()}:{run_dir}".encode()).hexdigest()[:16]


def parameters(started: Event, limit: int = 500) -> dict[str, str]:
    """Return the settings of ``run_started`` flat, those that are set; long ones cut."""
    facts = {"task": started["task"], "method": started["method"], **started["settings"]}
    found = {}
    for name, value in _flat(facts):
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        found[_name(name)] = text if len(text) <= limit else text[: limit - 1] + "…"
    return found


def _flat(data: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{where}{name}.")
        elif value is not None:
            yield f"{where}{name}", value


def _name(name: str) -> str:
    return _NOT_IN_KEYS.sub("_", name)[:250]


def metrics(event: Event, updates: int) -> list[Metric]:
    """Return the points an event adds.

    Validation has the step 0 without skills and ``n`` after the ``n``-th epoch; what
    belongs to an update has its number in the run.

    Args:
        event: Of the journal, or ``run_ended``.
        updates: Batches so far, this one included.
    """
    kind = event["event"]
    if kind == "validation":
        step = 0 if event["epoch"] == "baseline" else int(event["epoch"]) + 1
        size = Metric("library.skills", len(event.get("skills", ())), step)
        return [*_accuracy("val", event, step), size]
    if kind == "epoch":
        return _accuracy("dev", event, int(event["epoch"]) + 1)
    if kind == "batch":
        return _accuracy("batch", event, updates)
    if kind == "update" and not event.get("skipped"):
        rows = decisions(event)
        scores = [row["score"] for row in rows if row["score"] is not None]
        return [
            Metric("gate.accepted", float(bool(event.get("accepted"))), updates),
            Metric("gate.candidates", len(rows), updates),
            *([Metric("gate.best_score", max(scores), updates)] if scores else []),
        ]
    if kind == "test":
        return _accuracy(f"{event['split']}.{event['arm']}", event, 0)
    if kind == "run_ended":
        summary = event.get("summary") or {}
        flat = _flat({k: summary.get(k) for k in ("calls", "tokens", "cost", "wall_s")})
        numbers = [(n, v) for n, v in flat if isinstance(v, int | float)]
        return [Metric(_name(n), float(v), 0) for n, v in numbers]
    return []


def _accuracy(where: str, event: Event, step: int) -> list[Metric]:
    points = [Metric(f"{where}.accuracy", float(event["accuracy"]), step)]
    if event.get("errors"):
        points.append(Metric(f"{where}.errors", event["errors"], step))
    for group, score in event.get("groups", {}).items():
        points.append(Metric(_name(f"{where}.accuracy.{group}"), float(score["accuracy"]), step))
    return points


def decisions(event: Event) -> list[dict[str, Any]]:
    """Return one row for each candidate that an ``update`` put before the gate."""
    rows = []
    for candidate in event.get("candidates", ()):
        counts = candidate.get("counts") or {}
        statistics = candidate.get("statistics") or {}
        title = candidate.get("title")
        rows.append(
            {
                "epoch": event.get("epoch"),
                "cycle": event.get("cycle"),
                "candidate": title,
                "accepted": title is not None and title == event.get("accepted"),
                "verdict": candidate.get("verdict"),
                "reason": candidate.get("reason"),
                "score": counts.get("adjusted"),
                "fixes": counts.get("fixes"),
                "regressions": counts.get("regressions"),
                "p_value": statistics.get("p_value"),
            }
        )
    return rows
