"""What files of many runs have in common: how they are read, and the tables they end in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from grasp.contracts import ConfigError
from grasp.runs.config import read_yaml
from grasp.runs.rundir import write_text

_Plan = TypeVar("_Plan", bound=BaseModel)


def read_plan(path: Path, kind: type[_Plan]) -> _Plan:
    """Read a YAML file by its model.

    Raises:
        ConfigError: It is missing or malformed.
    """
    try:
        return kind.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}",
            f"known: {', '.join(kind.model_fields)}",
        ) from None


def write_tables(out: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``results.csv`` and ``results.json`` into a folder.

    Raises:
        RunError: They can't be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(out / "results.csv", text.getvalue())
    write_text(out / "results.json", json.dumps(rows, indent=1) + "\n")
