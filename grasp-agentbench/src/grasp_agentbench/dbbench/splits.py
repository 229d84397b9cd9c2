"""GRASP's splits of the official records, computed from their types."""

from __future__ import annotations

import random
from collections.abc import Sequence

from grasp_agentbench.dbbench.records import Record

SEED = 42
DEV_SHARE = 0.6
#: The published split counts this record as another type than its file says.
_COUNTED_AS = {"99": "comparison"}


def split_records(
    standard: Sequence[Record], held_out: Sequence[Record]
) -> dict[str, list[Record]]:
    """Return ``dev``, ``val`` and ``test``, in the order of the published files.

    Types come in the order of their names; each is shuffled with one random generator that
    they share, and its first 60 % are dev.

    Args:
        standard: The 300 records that dev and val are made of.
        held_out: The 60 records of the benchmark's dev file: all of them are test.
    """
    by_type: dict[str, list[Record]] = {}
    for record in standard:
        kind = _COUNTED_AS.get(str(record["id"]), str(record["type"]))
        by_type.setdefault(kind, []).append(record)
    splits: dict[str, list[Record]] = {"dev": [], "val": [], "test": list(held_out)}
    generator = random.Random(SEED)
    for kind in sorted(by_type):
        group = list(by_type[kind])
        generator.shuffle(group)
        dev = int(len(group) * DEV_SHARE)
        splits["dev"] += group[:dev]
        splits["val"] += group[dev:]
    return splits
