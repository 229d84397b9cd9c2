"""Why an episode failed, as far as its form shows it; never what was expected."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.contracts import Rollout, Status
from grasp_medagentbench.facts import CHART_FREE_TYPES, READ_ONLY_TYPES
from grasp_medagentbench.graders import Episode
from grasp_medagentbench.protocol import GET_ERROR, POST_INVALID, POST_REFUSED, clean

#: How a failed episode ended, where that was not by an answer.
_ENDINGS = {
    Status.INVALID_ACTION.value: "protocol_invalid",
    Status.TASK_LIMIT.value: "out_of_rounds",
    Status.CONTEXT_LIMIT.value: "context_limit",
    Status.TASK_ERROR.value: "environment_error",
}
_WRONG_LENGTH = {1: "finish_not_one_value", 2: "finish_not_two_values"}

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


@dataclass(frozen=True)
class Forms:
    """What episodes of the task types should look like.

    Attributes:
        read_only: Types that may never post.
        chart_free: Types that can be solved without a look at the chart.
        numbers: How many numbers the answer has, for types that ask for numbers.
        ungraded: Types whose answer may be anything.
        decode: Reads an answer.
    """

    read_only: frozenset[str]
    chart_free: frozenset[str]
    numbers: Mapping[str, int]
    ungraded: frozenset[str] = frozenset()
    decode: Callable[[Any], Any] = json.loads


V1_FORMS = Forms(
    read_only=READ_ONLY_TYPES,
    chart_free=CHART_FREE_TYPES,
    numbers={"task2": 1, "task4": 1, "task6": 1, "task7": 1},
)


def failure_tags(kind: str, rollout: Rollout, forms: Forms = V1_FORMS) -> list[str]:
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
    elif rollout.status == Status.COMPLETED.value and kind not in forms.ungraded:
        tags.update(_answer(rollout.answer, forms.numbers.get(kind), forms.decode))
    episode = Episode(history, rollout.answer)
    if kind in forms.read_only and episode.has_post:
        tags.add("read_only_task_used_post")
    if any("```" in turn and clean(turn).startswith("POST") for turn in turns):
        tags.add("post_in_code_fence")
    if kind not in forms.chart_free and not any(clean(t).startswith("GET") for t in turns):
        tags.add("answered_without_query")
    if any(_several_actions(turn) for turn in turns):
        tags.add("several_actions_in_one_turn")
    return sorted(tags)


def _replies(replies: Sequence[str]) -> list[str]:
    seen = {GET_ERROR: "get_request_failed", POST_INVALID: "post_not_json"}
    seen[POST_REFUSED] = "post_refused"
    return [tag for start, tag in seen.items() if any(r.startswith(start) for r in replies)]


def _answer(answer: str, numbers: int | None, decode: Callable[[Any], Any]) -> list[str]:
    try:
        result: Any = decode(answer)
    except (ValueError, RecursionError, TypeError):
        return ["finish_not_json"]
    if not isinstance(result, (list, tuple)):
        return ["finish_not_a_list"]
    if numbers is not None:
        if len(result) != numbers:
            return [_WRONG_LENGTH[numbers]]
        if any(isinstance(value, (str, Mapping, list)) for value in result):
            return ["finish_value_not_a_number"]
    return []


def _several_actions(turn: str) -> bool:
    starts = ("GET ", "POST ", "FINISH(")
    return sum(line.startswith(starts) for line in clean(turn).split("\n")) > 1
