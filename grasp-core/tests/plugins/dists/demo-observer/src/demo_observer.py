"""Watches runs badly: spoils what it is shown and raises."""

from __future__ import annotations

from typing import Any

from grasp.plugins import hookimpl


@hookimpl
def grasp_event(event: dict[str, Any]) -> None:
    event.setdefault("rows", []).append("spoilt")
    event["event"] = "spoilt"
    raise SystemExit("the observer gives up")
