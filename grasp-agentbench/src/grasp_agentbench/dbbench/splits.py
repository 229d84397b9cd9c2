"""GRASP's splits of the official records, computed from their types."""

from __future__ import annotations

from collections.abc import Sequence

from grasp_agentbench.dbbench.records import Record
from grasp_agentbench.splits import part

#: The published split counts this record as another type than its file says.
_COUNTED_AS = {"99": "comparison"}


def split_records(
    standard: Sequence[Record], held_out: Sequence[Record]
) -> dict[str, list[Record]]:
    """Return ``dev``, ``val`` and ``test``, in the order of the published files.

    Args:
        standard: The 300 records that dev and val are made of, type by type.
        held_out: The 60 records of the benchmark's dev file: all of them are test.
    """
    by_type: dict[str, list[Record]] = {}
    for record in standard:
        kind = _COUNTED_AS.get(str(record["id"]), str(record["type"]))
        by_type.setdefault(kind, []).append(record)
    dev, val = part(by_type[kind] for kind in sorted(by_type))
    return {"dev": dev, "val": val, "test": list(held_out)}
