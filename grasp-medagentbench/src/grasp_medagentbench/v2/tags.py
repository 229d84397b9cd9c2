"""What episodes of v2 should look like, and tags of their own (see ``tags``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.contracts import Rollout
from grasp_medagentbench.graders import Episode
from grasp_medagentbench.tags import Forms, failure_tags
from grasp_medagentbench.v2.facts import ANSWER_TYPE
from grasp_medagentbench.v2.graders.heart_rate import decode
from grasp_medagentbench.v2.graders.posted import is_for

V2_FORMS = Forms(
    read_only=frozenset({ANSWER_TYPE}),
    chart_free=frozenset(),
    numbers={ANSWER_TYPE: 2},
    ungraded=frozenset(f"task{n}" for n in range(1, 11)) - {ANSWER_TYPE},
    decode=decode,
)


def v2_failure_tags(kind: str, record: Mapping[str, Any], rollout: Rollout) -> list[str]:
    """Return tags of a failed episode, sorted; they follow from record and transcript alone."""
    tags = set(failure_tags(kind, rollout, V2_FORMS))
    for post in Episode(rollout.history, rollout.answer).accepted_posts:
        tags.update(_post_tags(post.payload, record))
    return sorted(tags)


def _post_tags(payload: Any, record: Mapping[str, Any]) -> list[str]:
    if not isinstance(payload, dict):
        return ["post_not_an_object"]
    found = {
        "post_without_resource_type": not payload.get("resourceType"),
        "post_without_status": not payload.get("status"),
        "post_intent_not_order": str(payload.get("intent", "")).lower() != "order",
        "post_subject_not_the_plain_patient": not is_for(payload, record),
    }
    return [tag for tag, applies in found.items() if applies]
