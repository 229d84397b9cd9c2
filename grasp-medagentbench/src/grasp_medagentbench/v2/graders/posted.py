"""What graders look at of posts: type, status, intent, patient and a few words (spec 4).

Addresses, times, priorities, doses and routes don't matter, except where a grader says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Record
from grasp_medagentbench.v2.facts import STOPPED

Payload = dict[str, Any]

ORDERS = ("ServiceRequest", "MedicationRequest")


def payloads(episode: Episode) -> list[Payload]:
    """Return what the accepted posts carried.

    Raises:
        TypeError: Something other than an object.
    """
    carried = [post.payload for post in episode.accepted_posts]
    for payload in carried:
        if not isinstance(payload, dict):
            raise TypeError(f"posted {type(payload).__name__}")
    return carried


def is_silent(episode: Episode) -> bool:
    """Return whether no post was accepted."""
    return not episode.accepted_posts


def is_for(payload: Payload, record: Record) -> bool:
    """Return whether the subject is the patient: a reference with nothing beside it."""
    return bool(payload.get("subject") == {"reference": f"Patient/{record['eval_MRN']}"})


def is_a(payload: Payload, kinds: Iterable[str] = ORDERS) -> bool:
    """Return whether the payload is a resource of one of these types."""
    return payload.get("resourceType") in tuple(kinds)


def is_active(payload: Payload) -> bool:
    """Return whether the status is active, in any case of letters."""
    return _lower(payload.get("status")) == "active"


def is_stopped(payload: Payload) -> bool:
    """Return whether the status discontinues an order."""
    return _lower(payload.get("status")) in STOPPED


def is_order_for(payload: Payload, record: Record, kinds: Iterable[str] = ORDERS) -> bool:
    """Return whether the payload is an active order of some type for the patient."""
    return (
        is_a(payload, kinds)
        and is_active(payload)
        and _lower(payload.get("intent")) == "order"
        and is_for(payload, record)
    )


def blob(payload: Payload) -> str:
    """Return all of a payload as Python prints it, in lower case."""
    return str(payload).lower()


def printed(payload: Payload, field: str) -> str:
    """Return a field as Python prints it."""
    return str(payload.get(field, ""))


def _lower(value: Any) -> str:
    return str(value or "").lower()
