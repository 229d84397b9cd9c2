"""The records of the benchmark: one question or change, and its table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.contracts import TaskError

#: A sample: ``id``, ``type``, ``description``, ``add_description``, ``evidence``, ``tables``,
#: ``label`` and, for a change, ``answer_md5``.
Record = dict[str, Any]

#: Types whose result is the table as it stands afterwards.
CHANGES = frozenset({"INSERT", "UPDATE", "DELETE"})

_PULL = "grasp data pull agentbench-dbbench"


@dataclass(frozen=True)
class Table:
    """A table as it is at first: all columns are TEXT, all cells text.

    Attributes:
        name: Its name.
        columns: Their names; one may be empty.
        rows: One cell a column.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(record: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the tables of a record."""
    given = record["table"]
    return tuple(_table(one) for one in (given if isinstance(given, list) else [given]))


def _table(data: Mapping[str, Any]) -> Table:
    info = data["table_info"]
    columns = tuple(str(c["name"]) for c in info["columns"])
    rows = tuple(tuple(str(cell) for cell in row) for row in info["rows"])
    return Table(str(data["table_name"]), columns, rows)


def is_change(record: Mapping[str, Any]) -> bool:
    """Return whether the record asks for a change of its table."""
    return record["type"] in CHANGES


def expected(record: Mapping[str, Any]) -> Any:
    """Return the digest or the label that a record's result is compared with."""
    return record["answer_md5"] if is_change(record) else record["label"]


def read_records(paths: Sequence[Path], first: int = 0) -> list[Record]:
    """Read official files one after another; ids are the positions.

    Args:
        paths: The files.
        first: Position of the first record.

    Raises:
        TaskError: A file can't be read or is not what it should be.
    """
    records: list[Record] = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise TaskError(f"can't read {path}: {error}", _PULL) from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                records.append(_record(first + len(records), line, f"{path}, line {number}"))
    return records


def _record(index: int, line: str, where: str) -> Record:
    try:
        data = json.loads(line)
        kinds = data["type"]
        record: Record = {
            "id": str(index),
            "type": str(kinds[0] if isinstance(kinds, list) else kinds),
            "description": str(data["description"]),
            "add_description": str(data.get("add_description") or ""),
            "evidence": str(data.get("evidence") or ""),
            "table": data["table"],
            "label": data["label"],
            "source": str(data.get("source") or ""),
        }
        if is_change(record):
            record["answer_md5"] = str(data["answer_md5"])
        tables_of(record)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise TaskError(
            f"{where} is not a record of DBBench: {type(error).__name__}: {error}",
            _PULL,
        ) from None
    return record
