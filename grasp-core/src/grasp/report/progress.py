"""Live progress of a run: a status line on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from grasp.agents.ledger import Ledger
from grasp.report.reasons import reason_of
from grasp.report.retries import retries_told
from grasp.report.summary import decision

#: Seconds between two lines about one wave in a log.
_LOG_EVERY_S = 15.0
#: Reasons why episodes could not be run, of which each is told once.
_REASONS = 20


class RunProgress:
    """Listens to a run's events and shows them.

    On a terminal one line moves (what runs, how far, calls and tokens so far) and every
    result stays as a line above it; elsewhere there are only lines.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = console.is_terminal
        self._ledger: Ledger | None = None
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._done = 0
        self._total = 0
        self._correct = 0
        self._last_log = 0.0
        self._retries = ExitStack()
        self._reasons: set[str] = set()

    def __enter__(self) -> RunProgress:
        self._retries.enter_context(retries_told(self._say))
        if self._live:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("{task.fields[facts]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._retries.close()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Take one event."""
        handler: Callable[[Mapping[str, Any]], None] | None = getattr(self, f"_on_{kind}", None)
        if handler is not None:
            handler(facts)

    # -- events ----------------------------------------------------------------------

    def _on_run_started(self, facts: Mapping[str, Any]) -> None:
        self._ledger = facts["ledger"]
        config = facts["config"]
        self._say(f"Running {config.method} on {facts['task']} in {facts['run_dir']}")

    def _on_wave_started(self, facts: Mapping[str, Any]) -> None:
        self._done, self._total, self._correct = 0, facts["total"], 0
        self._last_log = time.monotonic()
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(
                where(facts["label"]), total=self._total, facts=self._usage()
            )

    def _on_rollout_finished(self, facts: Mapping[str, Any]) -> None:
        outcome = facts["outcome"]
        self._done += 1
        self._correct += outcome.correct
        if outcome.is_error:
            self._tell_error(outcome.sample_id, outcome.error)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, facts=self._usage())
        elif time.monotonic() - self._last_log > _LOG_EVERY_S:
            self._last_log = time.monotonic()
            self._say(f"  {where(facts['label'])}: {self._done}/{self._total}  {self._usage()}")

    def _on_interrupted(self, facts: Mapping[str, Any]) -> None:
        self._say("Stopping when what is in flight has ended; interrupt again to stop at once.")

    def _on_update_started(self, facts: Mapping[str, Any]) -> None:
        failures = facts["failures"]
        self._say(
            f"epoch {facts['epoch']}, batch {facts['cycle']}: {failures} "
            f"failure{'s' if failures > 1 else ''}, asking for skill edits"
        )

    def _on_batch(self, facts: Mapping[str, Any]) -> None:
        self._say(
            f"epoch {facts['epoch']}, batch {facts['cycle']}: dev "
            f"{facts['correct']}/{facts['total']} correct{_errors(facts)}"
        )

    def _on_update(self, facts: Mapping[str, Any]) -> None:
        self._console.print(decision(facts))

    def _on_validation(self, facts: Mapping[str, Any]) -> None:
        name = "without skills" if facts["epoch"] == "baseline" else f"after epoch {facts['epoch']}"
        best = "  (best so far)" if facts.get("best") else ""
        self._say(
            f"validation {name}: {facts['accuracy']:.0%} "
            f"({facts['correct']}/{facts['total']}){_errors(facts)}{best}"
        )

    def _on_run_stopped(self, facts: Mapping[str, Any]) -> None:
        self._say(f"Stopped: {facts['result'].stopped}.")

    def _on_test(self, facts: Mapping[str, Any]) -> None:
        self._say(
            f"{facts['split']} ({facts['arm'].replace('_', ' ')}): {facts['accuracy']:.0%} "
            f"({facts['correct']}/{facts['total']}){_errors(facts)}"
        )

    def _tell_error(self, sample: str, error: str) -> None:
        """Say why an episode could not be run, once for each reason."""
        reason = reason_of(sample, error)
        if reason not in self._reasons and len(self._reasons) < _REASONS:
            self._reasons.add(reason)
            self._say(f"  {sample} could not be run: {error}")

    # -- helpers ---------------------------------------------------------------------

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _usage(self) -> str:
        if self._ledger is None:
            return ""
        usage = self._ledger.total_usage
        cost = f", {usage.cost:.2f} spent" if usage.cost else ""
        return (
            f"{self._correct} correct, {self._ledger.total} calls, "
            f"{usage.prompt_tokens + usage.completion_tokens:,} tokens{cost}"
        )


def _errors(facts: Mapping[str, Any]) -> str:
    return f", {facts['errors']} could not be run" if facts.get("errors") else ""


def where(label: str) -> str:
    """Turn a scope into words: ``e0/b1/probe`` is ``epoch 0, batch 1, probe``."""
    words = []
    for part in label.split("/"):
        if part[:1] == "e" and part[1:].isdigit():
            words.append(f"epoch {part[1:]}")
        elif part[:1] == "b" and part[1:].isdigit():
            words.append(f"batch {part[1:]}")
        else:
            words.append(part.replace("_", " "))
    return ", ".join(words)
