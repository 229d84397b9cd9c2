"""Agents that act without a look at the chart, on v2; see ``grasp_medagentbench.lazy``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grasp_medagentbench.graders import type_of
from grasp_medagentbench.lazy import Policy, Posts
from grasp_medagentbench.records import Record
from grasp_medagentbench.v2 import payloads
from grasp_medagentbench.v2.facts import now_text
from grasp_medagentbench.v2.payloads import Payload


def _nothing(record: Record) -> tuple[Posts, str]:
    return (), "[]"


def _minus_one(record: Record) -> tuple[Posts, str]:
    return (), "[-1, -1]"


def _order(record: Record) -> tuple[Posts, str]:
    """Place every order that the instruction mentions."""
    return _posts(record, repeat_only=False), "[]"


def _order_tests(record: Record) -> tuple[Posts, str]:
    """Do the same, but order no drug that is only sometimes wanted beside the tests."""
    return _posts(record, repeat_only=True), "[]"


def _posts(record: Record, *, repeat_only: bool) -> Posts:
    mrn, time = str(record["eval_MRN"]), now_text(record)
    drug = [] if repeat_only else [payloads.levothyroxine(mrn, time)]
    made: Mapping[str, Callable[[], list[Payload]]] = {
        "task1": lambda: [payloads.ct_abdomen(mrn, time)],
        "task2": lambda: [payloads.heparin(mrn, time), payloads.stop(mrn, time, "enoxaparin")],
        "task4": lambda: [payloads.catheter_removal(mrn, time)],
        "task5": lambda: [
            payloads.ct_abdomen_pelvis(mrn, time),
            payloads.radiology_referral(mrn, time),
        ],
        "task6": lambda: [*drug, *payloads.thyroid_tests(mrn, time)],
        "task7": lambda: [payloads.stop(mrn, time, "ondansetron"), payloads.ecg(mrn, time)],
        "task8": lambda: [payloads.naloxone(mrn, time)],
        "task9": lambda: [payloads.influenza_vaccine(mrn, time)],
        "task10": lambda: [payloads.covid_vaccine(mrn, time)],
    }
    make = made.get(type_of(record))
    return [(str(p["resourceType"]), p) for p in make()] if make else []


#: ``do-nothing`` finishes at once with an empty list, ``say-minus-one`` with [-1, -1];
#: ``always-order`` and ``order-tests`` order first.
V2_POLICIES: Mapping[str, Policy] = {
    "do-nothing": _nothing,
    "say-minus-one": _minus_one,
    "always-order": _order,
    "order-tests": _order_tests,
}
