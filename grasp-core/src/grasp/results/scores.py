"""Score files of the original's release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grasp.contracts import RunError


def read_json(path: Path) -> Any:
    """Read a file.

    Raises:
        RunError: It is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"can't read {path}: {' '.join(str(error).split())}") from None


def read_score(path: Path, row: Any) -> float:
    """Return the share of samples solved that a row states, from its counts where it has them.

    Raises:
        RunError: It states none.
    """
    total = row.get("n_total") if isinstance(row, dict) else None
    if total:
        return read_number(path, row, "n_correct") / float(total)
    return read_number(path, row, "score")


def read_number(path: Path, row: Any, name: str) -> float:
    """Return a number of a row.

    Raises:
        RunError: It isn't there.
    """
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, (int, float)):
        raise RunError(f"{path} has no number {name!r} where one is expected")
    return float(value)
