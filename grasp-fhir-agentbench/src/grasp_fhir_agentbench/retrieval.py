"""Retrieval precision and recall of an episode (spec fhiragent, 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

#: Resource type -> ids.
Ids = Mapping[str, Collection[str]]


def retrieval_metrics(true: Ids, retrieved: Ids) -> dict[str, float]:
    """Return precision, recall and the share of true resources that were retrieved.

    Only types that occur among the true resources count, as in the benchmark; so a
    question without any is always answered by 1 and 1. ``retrieval_recall`` is the
    benchmark's, 1 only if every true resource was retrieved. What is undefined is left
    out, as averages skip it: the precision of nothing, the recall of nothing.
    """
    wanted = {(kind, i) for kind, ids in true.items() for i in ids}
    kinds = {kind for kind, _ in wanted}
    found = {(kind, i) for kind, ids in retrieved.items() if kind in kinds for i in ids}
    if not wanted and not found:
        return {
            "retrieval_precision": 1.0,
            "retrieval_recall": 1.0,
            "retrieval_recall_continuous": 1.0,
        }
    metrics: dict[str, float] = {}
    if found:
        metrics["retrieval_precision"] = len(wanted & found) / len(found)
    metrics["retrieval_recall"] = float(wanted <= found)
    metrics["retrieval_recall_continuous"] = len(wanted & found) / len(wanted)
    return metrics
