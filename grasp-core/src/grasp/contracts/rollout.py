"""What one episode was, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

#: One sample of a task: a mapping with a stable ``id``; other keys belong to the task.
Sample = Mapping[str, Any]

#: One turn: ``role`` (``user``, ``agent``, ``system`` or ``tool``) and ``content``.
Message = dict[str, Any]


class Status(str, Enum):
    """How an episode ended. The values are the original's strings.

    ``ERROR`` is an infrastructure fault: the episode says nothing about the agent.
    """

    COMPLETED = "completed"
    INVALID_ACTION = "agent invalid action"
    TASK_LIMIT = "task limit reached"
    CONTEXT_LIMIT = "agent context limit"
    VALIDATION_FAILED = "agent validation failed"
    TASK_ERROR = "task error"
    UNKNOWN = "unknown"
    ERROR = "error"

    def __str__(self) -> str:
        return self.value


@dataclass
class Rollout:
    """The record of one episode, made by ``Task.rollout``.

    Attributes:
        history: Chat transcript; the agent's turns have the role ``agent``.
        agent_actions: The agent's actions as readable strings, in order.
        answer: Final answer as text; ``None`` or empty if there is none.
        status: One of the values of ``Status``.
        raw: The environment's native result, for ``Task.evaluate``; never stored.
    """

    history: list[Message] = field(default_factory=list)
    agent_actions: list[str] = field(default_factory=list)
    answer: str | None = None
    status: str = Status.COMPLETED.value
    raw: Any = None


@dataclass(frozen=True)
class Outcome:
    """One scored episode: what the learner and the gate see.

    Attributes:
        sample_id: The sample's ``id``.
        sample_type: Stratum of the sample (``Task.sample_type``).
        instruction: What was asked, for the skill writer.
        correct: Score reached the task's pass threshold.
        score: In [0, 1].
        status: As in ``Rollout``; ``error`` where the episode could not be run.
        answer: Final answer, ``""`` if none.
        ground_truth: Expected answer where the task tells it, else ``""``.
        agent_actions: As in ``Rollout``.
        history: As in ``Rollout``.
        tags: Failure tags of the task, sorted; empty for correct episodes.
        skills: Names of the skills in the library when the episode ran.
        injected: ``name@digest`` of every skill the model was shown, sorted.
        error: One line about the fault; empty unless the status is ``error``.
        group: Subset the accuracy is also reported for (``Task.report_group``).
        metrics: Further measures (``Task.metrics``).
    """

    sample_id: str
    sample_type: str = ""
    instruction: str = ""
    correct: bool = False
    score: float = 0.0
    status: str = Status.COMPLETED.value
    answer: str = ""
    ground_truth: str = ""
    agent_actions: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()
    tags: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    injected: tuple[str, ...] = ()
    error: str = ""
    group: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        """The episode could not be run, so it is missing rather than wrong."""
        return self.status == Status.ERROR.value
