"""Procedures whose time is a period."""

from __future__ import annotations

from datetime import datetime, timedelta

from grasp_medagentbench.cohort.resources import Resource, instant


def over_period(procedure: Resource, length: timedelta) -> Resource:
    """Return a procedure that took some time and ended when the given one was done."""
    ended = procedure["performedDateTime"]
    started = instant(datetime.fromisoformat(ended) - length)
    return _with(procedure, {"start": started, "end": ended})


def going_on(procedure: Resource) -> Resource:
    """Return a procedure that began when the given one was done, and has no end."""
    return _with(procedure, {"start": procedure["performedDateTime"]})


def _with(procedure: Resource, period: Resource) -> Resource:
    kept = {k: v for k, v in procedure.items() if k != "performedDateTime"}
    return {**kept, "performedPeriod": period}
