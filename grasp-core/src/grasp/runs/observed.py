"""Tells observing plugins of one run: that it starts, what its journal says, how it ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from grasp.plugins import emit
from grasp.plugins.loading import one_line
from grasp.runs.result import RunResult


class Observed:
    """A run as observers see it; leaving the block tells how the run ended.

    Every event has ``event``, ``run_dir`` (absolute) and ``replayed``: whether a resumed
    run repeats what it told before it was stopped. Besides the journal's there are two:
    ``run_started`` and ``run_ended``, whose ``status`` is ``finished``, ``stopped`` (by a
    budget), ``interrupted`` or ``failed``.

    Attributes:
        result: What the run reports, as soon as it does.
    """

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = os.path.abspath(run_dir)
        self._started = False
        self.result: RunResult | None = None

    def started(self, **facts: Any) -> None:
        """Tell that the run starts."""
        self._started = True
        self.event("run_started", facts)

    def event(self, kind: str, facts: Mapping[str, Any], *, replayed: bool = False) -> None:
        """Tell of one event."""
        emit({"event": kind, **facts, "run_dir": self._run_dir, "replayed": replayed})

    def __enter__(self) -> Observed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._started:
            return
        status, reason = "finished", ""
        if error is not None:
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            reason = one_line(error)
        elif self.result is not None and self.result.stopped:
            status, reason = "stopped", self.result.stopped
        summary = self.result.summary() if self.result else None
        self.event("run_ended", {"status": status, "reason": reason, "summary": summary})
