"""From a record and its episode to a verdict (spec 1.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grasp_medagentbench.fhir.errors import FhirConnectionError
from grasp_medagentbench.graders.chart import Chart
from grasp_medagentbench.graders.episode import Episode

Record = Mapping[str, Any]
#: ``(record, episode, chart) -> verdict``; whatever it raises means that the episode failed.
Grader = Callable[[Record, Episode, Chart], bool]


def type_of(record: Record) -> str:
    """Return the task type, ``task1`` to ``task10``: what precedes the id's first underscore."""
    return str(record["id"]).split("_")[0]


def grade(graders: Mapping[str, Grader], record: Record, episode: Episode, chart: Chart) -> bool:
    """Return the verdict; an episode without an answer, or one its grader stumbles over, fails.

    Raises:
        FhirConnectionError: There is no chart to grade against, which says nothing about
            the agent.
    """
    if episode.answer is None:
        return False
    grader = graders.get(type_of(record))
    if grader is None:
        return False
    try:
        return grader(record, episode, chart) is True
    except FhirConnectionError:
        raise
    except Exception:
        return False
