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
from grasp.plugins.nearest import hint
from grasp.runs.config import RunConfig, load_config, read_yaml
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


def check_lists(path: Path, file: BaseModel, *fields: str) -> None:
    """Look whether lists name each thing once: a run that is made twice is counted twice.

    Raises:
        ConfigError: One does not.
    """
    for field in fields:
        values = getattr(file, field)
        for number, value in enumerate(values):
            if value in values[:number]:
                raise ConfigError(f"{path}: {field} has {value} twice", "name it once")


def check_parameters(
    path: Path, field: str, given: Mapping[str, Any], listed: Sequence[str], where: str
) -> None:
    """Look whether parameters are of what the file names.

    Args:
        path: The file.
        field: Where the parameters stand.
        given: What has some.
        listed: What the file names.
        where: Where it names it.

    Raises:
        ConfigError: They would be ignored.
    """
    for name in given:
        if name not in listed:
            raise ConfigError(
                f"{path}: {field} has {name}, which {where} has not", hint(name, listed)
            )


def settings_of(path: Path, config: Mapping[str, Any], own: Mapping[str, str]) -> RunConfig:
    """Return the settings in a file's ``config``.

    Args:
        path: The file.
        config: What stands in it.
        own: Settings that the file has a place of its own for, and what that is.

    Raises:
        ConfigError: A setting is malformed, or would be ignored.
    """
    cycle = config.get("cycle")
    inner = {f"cycle.{name}" for name in cycle} if isinstance(cycle, Mapping) else set()
    for name in sorted({*config, *inner} & own.keys()):
        raise ConfigError(f"{path}: config.{name} would be ignored", own[name])
    try:
        return load_config(config)
    except ConfigError as error:
        raise ConfigError(f"{path}: config: {error.message}", error.hint) from None


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
