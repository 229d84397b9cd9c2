"""What agents that don't look at the chart would score (spec 8.3, end).

A benchmark on which they do well measures little; every run records these numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grasp_medagentbench import payloads
from grasp_medagentbench.graders import Episode, type_of
from grasp_medagentbench.graders.episode import ACCEPTED
from grasp_medagentbench.records import Record, quoted_text

#: Resource and payload of each post.
Posts = Sequence[tuple[str, Mapping[str, Any]]]
#: ``record -> (posts, answer)``
Policy = Callable[[Record], tuple[Posts, str]]
#: ``(record, episode) -> verdict``
Judge = Callable[[Record, Episode], bool]


def _nothing(record: Record) -> tuple[Posts, str]:
    return (), "[]"


def _minus_one(record: Record) -> tuple[Posts, str]:
    return (), "[-1]"


def _order(record: Record) -> tuple[Posts, str]:
    """Order whatever the instruction mentions, at its lowest dose."""
    mrn = str(record.get("eval_MRN", ""))
    posts: dict[str, Callable[[], Posts]] = {
        "task3": lambda: [("Observation", payloads.blood_pressure(mrn, quoted_text(record)))],
        "task5": lambda: [("MedicationRequest", payloads.magnesium(mrn, 1))],
        "task8": lambda: [("ServiceRequest", payloads.referral(mrn, quoted_text(record)))],
        "task9": lambda: [
            ("MedicationRequest", payloads.potassium(mrn, 10)),
            ("ServiceRequest", payloads.potassium_test(mrn)),
        ],
        "task10": lambda: [("ServiceRequest", payloads.hba1c_test(mrn))],
    }
    make = posts.get(type_of(record))
    return (make() if make else ()), "[]"


#: Agents that never read. ``do-nothing`` finishes at once with an empty list,
#: ``say-minus-one`` with [-1]; ``always-order`` orders first.
V1_POLICIES: Mapping[str, Policy] = {
    "do-nothing": _nothing,
    "say-minus-one": _minus_one,
    "always-order": _order,
}


def lazy_scores(
    splits: Mapping[str, Sequence[Record]],
    policies: Mapping[str, Policy],
    judge: Judge,
    base_url: str,
) -> dict[str, dict[str, float]]:
    """Return policy → split → share of records solved; ``all`` is over all splits.

    Args:
        splits: The records, split by split.
        policies: The agents.
        judge: Grades an episode.
        base_url: Address that they post to.
    """
    result: dict[str, dict[str, float]] = {}
    for name, policy in policies.items():
        solved = {
            split: [judge(record, _play(policy, record, base_url)) for record in records]
            for split, records in splits.items()
            if records
        }
        solved["all"] = [one for verdicts in solved.values() for one in verdicts]
        result[name] = {
            split: round(sum(verdicts) / len(verdicts), 4)
            for split, verdicts in solved.items()
            if verdicts
        }
    return result


def by_type(splits: Mapping[str, Sequence[Record]]) -> dict[str, list[Record]]:
    """Return task type → records, over all splits."""
    groups: dict[str, list[Record]] = {}
    for records in splits.values():
        for record in records:
            groups.setdefault(type_of(record), []).append(record)
    return groups


def _play(policy: Policy, record: Record, base_url: str) -> Episode:
    """Return the episode of an agent that knows its actions beforehand."""
    posts, answer = policy(record)
    history: list[dict[str, str]] = [{"role": "user", "content": ""}]
    for resource, payload in posts:
        text = f"POST {base_url}{resource}\n{json.dumps(payload)}"
        history.append({"role": "agent", "content": text})
        history.append({"role": "user", "content": ACCEPTED})
    history.append({"role": "agent", "content": f"FINISH({answer})"})
    return Episode(history, answer)
