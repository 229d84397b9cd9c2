"""The published split rule (spec 5)."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Any

from grasp_medagentbench.facts import OOD_TYPES

#: Records of each in-distribution type in dev and val; the rest is test.
DEV_PER_TYPE = 12
VAL_PER_TYPE = 10
SEED = 42

Splits = dict[str, list[dict[str, Any]]]


def split_records(
    records: Sequence[dict[str, Any]], ood_types: Collection[str] = OOD_TYPES
) -> Splits:
    """Return ``dev``, ``val``, ``test`` and ``ood``, in the order of the published files.

    Types come in the order of their names as text; each in-distribution type is shuffled
    with one random generator that they share. What is ``test`` here the original calls
    ``id_test``, and ``ood`` it calls ``test``.

    Args:
        records: All records, in file order.
        ood_types: Types that are held out whole.
    """
    by_type: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_type.setdefault(str(record["id"]).rpartition("_")[0], []).append(record)
    splits: Splits = {"dev": [], "val": [], "test": [], "ood": []}
    generator = random.Random(SEED)
    for name in sorted(by_type):
        group = list(by_type[name])
        if name in ood_types:
            splits["ood"] += group
            continue
        generator.shuffle(group)
        val_end = DEV_PER_TYPE + VAL_PER_TYPE
        splits["dev"] += group[:DEV_PER_TYPE]
        splits["val"] += group[DEV_PER_TYPE:val_end]
        splits["test"] += group[val_end:]
    return splits
