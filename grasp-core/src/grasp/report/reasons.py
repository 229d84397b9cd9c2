"""Why episodes could not be run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One reason, and which samples it kept from being run.

    Attributes:
        text: What was said of the first.
        samples: Their ids, each once, in order.
    """

    text: str
    samples: tuple[str, ...]

    def __str__(self) -> str:
        more = len(self.samples) - 1
        return f"{self.samples[0]}{f' and {more} more' if more else ''}: {self.text}"


def reason_of(sample: str, error: str) -> str:
    """Return an error without the sample that it was of."""
    return error.replace(sample, "…")


def reasons(events: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """Return the reasons in a journal, the most frequent first; they differ by more than an id."""
    texts: dict[str, str] = {}
    samples: dict[str, dict[str, None]] = {}
    for event in events:
        for row in event.get("samples") or ():
            if isinstance(row, Mapping) and row.get("error"):
                sample, text = str(row["id"]), str(row["error"])
                key = reason_of(sample, text)
                texts.setdefault(key, text)
                samples.setdefault(key, {})[sample] = None
    found = [Reason(texts[key], tuple(samples[key])) for key in texts]
    return sorted(found, key=lambda reason: -len(reason.samples))
