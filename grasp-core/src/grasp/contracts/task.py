"""The contract of a task: how to sample, run and score an environment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from grasp.contracts.agent import Agent
from grasp.contracts.rollout import Message, Rollout, Sample

#: Splits in the order of use; ``test`` and ``ood`` stay sealed until the end of a run.
SPLITS = ("dev", "val", "test", "ood")


class InjectedSkill(Protocol):
    """The parts of a skill that an acting model may see."""

    @property
    def name(self) -> str:
        """Identifier, lower case with hyphens."""
        ...

    @property
    def description(self) -> str:
        """One line: when to use it."""
        ...

    @property
    def body(self) -> str:
        """Markdown."""
        ...


@dataclass(frozen=True)
class TaskBackend:
    """One of the ways in which a task can run its environment, for ``grasp doctor TASK``.

    Attributes:
        name: As the task's parameter calls it.
        usable: It would work on this machine as things are.
        chosen: The task as configured uses it.
        about: One line: what it is, or which boundary it is.
        remedy: The command or the words that make it usable; empty if it is.
    """

    name: str
    usable: bool
    chosen: bool = False
    about: str = ""
    remedy: str = ""


class Task(ABC):
    """An environment GRASP can learn on.

    Three methods are required: ``samples``, ``rollout`` and ``evaluate``. All are
    called from many threads at once, so per-episode state belongs into local
    variables of ``rollout``.

    ``evaluate`` must depend on its arguments alone; the same rollout always gets
    the same verdict.
    """

    #: Short name; the registered name is used where the task comes from a plugin.
    name: str = ""
    #: Registered name and parameters, where ``load_task`` made it: other processes make it anew.
    origin: tuple[str, dict[str, Any]] | None = None
    #: Part of the identity of a run: raise it when prompts or grading change.
    version: ClassVar[str] = "1"
    #: A score of at least this counts as correct.
    pass_threshold: float = 1.0
    #: Most model calls of one episode, if there is such a limit; for estimates.
    max_turns: int | None = None

    #: Domain name in the skill writer's prompt, e.g. ``FHIR clinical lookup``.
    updater_task_family: str = "agent"
    #: Extra advice for the skill writer, Markdown bullets.
    updater_guidance: str = ""
    #: Example failure labels for the classifier, one per line.
    updater_failure_examples: str = ""
    #: Where methods other than GRASP put what they have learned: with the newest message of the
    #: user (``turn``), or at the end of the system message all through an episode (``system``).
    guidance_place: ClassVar[Literal["turn", "system"]] = "turn"
    #: Whether writers of such methods see the expected answer of a dev sample, if not told else.
    shows_reference: ClassVar[bool] = False

    @abstractmethod
    def samples(self, split: str) -> Sequence[Sample]:
        """Return the samples of ``dev``, ``val``, ``test`` or ``ood``.

        Each is a mapping with a unique and stable ``id``. A split the task does not
        have is an empty sequence. The order must not change between calls.
        """

    @abstractmethod
    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run one episode by calling ``agent.inference(history)`` turn by turn.

        Let errors of ``inference`` pass through: the engine tells faults of the
        infrastructure from wrong answers.
        """

    @abstractmethod
    def evaluate(self, sample: Sample, rollout: Rollout) -> bool | float:
        """Score an episode: a verdict, or a score in [0, 1]."""

    # -- optional ---------------------------------------------------------------

    def judge(self, sample: Sample, rollout: Rollout, model: Agent) -> bool | float | None:
        """Score an episode with a model's help; ``None`` leaves it to ``evaluate``.

        Called instead of ``evaluate`` in runs. Let errors of ``model.inference`` pass
        through: the episode is then missing, not wrong, and no verdict is kept.

        Args:
            sample: The sample.
            rollout: Its episode.
            model: The run's judge (``judge`` of the configuration, else the acting model).
                It sees no skills, and the same question is asked once in a run.
        """
        return None

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return mechanism tags of a failed episode; never the expected answer."""
        return []

    def metrics(self, sample: Sample, rollout: Rollout) -> Mapping[str, float]:
        """Return further measures of an episode, such as a precision; for reports alone.

        Each is averaged over the episodes that have it, so leave out what does not apply.
        """
        return {}

    def protocol_hook(self, first_user_content: str) -> str | None:
        """Return a reminder of the protocol to inject beside skills, or ``None``."""
        return None

    def inject_skills(
        self, history: Sequence[Message], skills: Sequence[InjectedSkill]
    ) -> list[Message] | None:
        """Place the whole library into a prompt the benchmark's own way.

        Args:
            history: The conversation so far; must not be changed.
            skills: Every learned skill, in library order; may be empty.

        Returns:
            The new history, or ``None`` for GRASP's ranked injection (method.md, 4).
        """
        return None

    def sample_type(self, sample: Sample) -> str:
        """Return the stratum of a sample for probe sampling."""
        return str(sample.get("type", ""))

    def report_group(self, sample: Sample) -> str:
        """Return a subset whose accuracy is reported apart, or ``""``."""
        return ""

    def instruction(self, sample: Sample) -> str:
        """Return what the sample asks, for the skill writer."""
        return str(sample.get("instruction", sample.get("question", sample.get("prompt", ""))))

    def question_context(self, sample: Sample) -> str:
        """Return what the agent is told beside the instruction, for writers; ``""`` if nothing.

        Methods other than GRASP use it where they were published so.
        """
        value = sample.get("context", "")
        return value if isinstance(value, str) else ""

    def ground_truth(self, sample: Sample) -> str:
        """Return the expected answer of a *dev* sample for the skill writer, or ``""``."""
        value = sample.get("ground_truth", sample.get("answer", ""))
        return "" if value is None else str(value)

    def describe(self) -> dict[str, Any]:
        """Return facts about the data and mode that a run should record."""
        return {}

    def backends(self) -> Sequence[TaskBackend]:
        """Return the ways to run the environment, and which of them work on this machine.

        Called without ``setup``; must start nothing that stays.
        """
        return ()

    def setup(self) -> None:
        """Acquire what rollouts need; called once before the first."""
        return

    def close(self) -> None:
        """Release what ``setup`` acquired."""
        return
