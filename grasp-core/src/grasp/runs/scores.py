"""Reads the summary of a finished run, which people and disks may have damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
    """What every summary has; what tables take is looked at closely."""

    baseline_val: Any
    best_val: Any
    val_curve: Any
    test: Any
    ood: Any
    gate_decisions: Any
    calls: Count
    tokens: Count
    cost: float
    details: Details


def read_scores(file: Path) -> Scores | None:
    """Read what tables take from a run's summary.

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


def read_summary(file: Path, remedy: str) -> dict[str, Any]:
    """Read the whole of a finished run's summary.

    Args:
        file: Where it stands.
        remedy: What to do if it can't be read.

    Raises:
        RunError: It is missing or damaged.
    """
    try:
        data: dict[str, Any] = json.loads(file.read_bytes())
        Scores.model_validate(data)
        return data
    except (OSError, ValueError, RecursionError) as error:
        why = "it is not a summary of a run"
        if isinstance(error, OSError):
            why = error.strerror or str(error)
        raise RunError(f"can't read {file}: {why}", remedy) from None
