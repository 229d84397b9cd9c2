from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from grasp_medagentbench.graders import type_of
from grasp_medagentbench.splits import split_records

FILES = {"dev": "dev", "val": "val", "test": "id_test", "ood": "test"}


def test_the_published_files_come_out_exactly(
    official: Path, official_records: list[dict[str, Any]]
) -> None:
    splits = split_records(official_records)
    for split, name in FILES.items():
        published = json.loads((official / f"split_{name}.json").read_text(encoding="utf-8"))
        assert splits[split] == published


def test_sizes_and_disjointness(own_records: list[dict[str, Any]]) -> None:
    splits = split_records(own_records)
    assert {split: len(records) for split, records in splits.items()} == {
        "dev": 96, "val": 80, "test": 64, "ood": 60,
    }  # fmt: skip
    ids = [r["id"] for records in splits.values() for r in records]
    assert len(set(ids)) == 300
    for split, size in (("dev", 12), ("val", 10), ("test", 8)):
        counts = Counter(type_of(r) for r in splits[split])
        assert set(counts.values()) == {size}
        assert list(counts) == sorted(counts)
    assert Counter(type_of(r) for r in splits["ood"]) == {"task6": 30, "task7": 30}


def test_own_records_are_split_like_the_official_ones(
    official_records: list[dict[str, Any]], own_records: list[dict[str, Any]]
) -> None:
    official, own = split_records(official_records), split_records(own_records)
    for split in FILES:
        assert [r["id"] for r in official[split]] == [r["id"] for r in own[split]]


def test_the_input_is_left_as_it_is(own_records: list[dict[str, Any]]) -> None:
    before = [r["id"] for r in own_records]
    assert split_records(own_records) == split_records(own_records)
    assert [r["id"] for r in own_records] == before


def test_a_type_with_few_records() -> None:
    records = [{"id": f"task2_{n}"} for n in range(5)]
    splits = split_records(records)
    assert [len(splits[s]) for s in FILES] == [5, 0, 0, 0]
