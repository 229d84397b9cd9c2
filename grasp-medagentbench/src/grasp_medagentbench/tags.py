"""Why an episode failed, as far as its form shows it; never what was expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grasp.contracts import Rollout, Status
from grasp_medagentbench.facts import CHART_FREE_TYPES, READ_ONLY_TYPES
from grasp_medagentbench.graders import Episode
from grasp_medagentbench.protocol import GET_ERROR, POST_INVALID, POST_REFUSED, clean

#: Types whose answer is one number.
_ONE_NUMBER = frozenset({"task2", "task4", "task6", "task7"})

#: How a failed episode ended, where that was not by an answer.
_ENDINGS = {
    Status.INVALID_ACTION.value: "protocol_invalid",
    Status.TASK_LIMIT.value: "out_of_rounds",
    Status.CONTEXT_LIMIT.value: "context_limit",
    Status.TASK_ERROR.value: "environment_error",
}

#: Labels that show the classifier how fine-grained labels should be.
FAILURE_EXAMPLES = """
read_value_from_wrong_field
patient_id_not_looked_up_first
answered_before_checking_result
unit_not_converted
searched_wrong_resource_type
date_filter_left_out
answer_of_wrong_type
""".strip()


def failure_tags(kind: str, rollout: Rollout) -> list[str]:
    """Return tags of a failed episode of a task type, sorted.

    They follow from the transcript and the type alone, so they can't give the answer away.
    """
    history = rollout.history
    turns = [str(m["content"]) for m in history if m["role"] == "agent"]
    replies = [str(m["content"]) for m in history[1:] if m["role"] == "user"]
    tags = set(_replies(replies))
    if rollout.status in _ENDINGS:
        tags.add(_ENDINGS[rollout.status])
    if rollout.answer is None:
        tags.add("no_finish")
    elif rollout.status == Status.COMPLETED.value:
        tags.update(_answer(kind, rollout.answer))
    episode = Episode(history, rollout.answer)
    if kind in READ_ONLY_TYPES and episode.has_post:
        tags.add("read_only_task_used_post")
    if any("```" in turn and clean(turn).startswith("POST") for turn in turns):
        tags.add("post_in_code_fence")
    if kind not in CHART_FREE_TYPES and not any(clean(t).startswith("GET") for t in turns):
        tags.add("answered_without_query")
    if any(_several_actions(turn) for turn in turns):
        tags.add("several_actions_in_one_turn")
    return sorted(tags)


def _replies(replies: Sequence[str]) -> list[str]:
    seen = {GET_ERROR: "get_request_failed", POST_INVALID: "post_not_json"}
    seen[POST_REFUSED] = "post_refused"
    return [tag for start, tag in seen.items() if any(r.startswith(start) for r in replies)]


def _answer(kind: str, answer: str) -> list[str]:
    try:
        result: Any = json.loads(answer)
    except (ValueError, RecursionError, TypeError):
        return ["finish_not_json"]
    if not isinstance(result, list):
        return ["finish_not_a_list"]
    if kind in _ONE_NUMBER:
        if len(result) != 1:
            return ["finish_not_one_value"]
        if isinstance(result[0], (str, Mapping, list)):
            return ["finish_value_not_a_number"]
    return []


def _several_actions(turn: str) -> bool:
    starts = ("GET ", "POST ", "FINISH(")
    return sum(line.startswith(starts) for line in clean(turn).split("\n")) > 1
