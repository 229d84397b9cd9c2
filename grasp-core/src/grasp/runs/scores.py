"""Reads the summary of a finished run, which people and disks may have damaged."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from grasp.contracts import RunError


class Figures(BaseModel):
    """How one evaluation went; ``accuracy`` is a share."""

    correct: int
    total: int
    errors: int
    accuracy: float


class Details(BaseModel):
    """The evaluations of a run: split to arm to figures, and the validations."""

    baseline_val: Figures | None = None
    best_val: Figures | None = None
    tests: dict[str, dict[str, Figures]] | None = None


class Count(BaseModel):
    """A number of calls or tokens."""

    total: int


class Scores(BaseModel):
    """What tables take from ``scores.json``; the rest is left out."""

    calls: Count
    tokens: Count
    cost: float
    details: Details


def read_scores(file: Path) -> Scores | None:
    """Read a run's summary.

    Returns:
        ``None`` if there is none, or one that no run wrote: its run is not finished, and
        resuming it makes the summary again from the answers it has.

    Raises:
        RunError: Something else stands in its place, or it may not be read.
    """
    try:
        return Scores.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
    except OSError as error:
        raise RunError(
            f"can't read {file}: {error.strerror or error}",
            "remove it and run again: it is made again from the stored answers",
        ) from None
