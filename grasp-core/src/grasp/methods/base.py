"""The contract of a method: how an agent improves itself from its own episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from grasp.contracts import Agent, Outcome, Task
from grasp.methods.context import Batch, Context
from grasp.methods.harness import run_epochs
from grasp.skills import SkillLibrary


class Method:
    """A self-improvement method.

    The harness owns epochs, shuffling, batches, validation, the best checkpoint, the
    test splits and resuming. A method says only how it learns: override ``wrap``,
    ``learn``, ``state`` and ``load``. A free-form method overrides ``run`` instead, as
    in the original, and works with ``config``, ``run_dir`` and ``task``.

    Args:
        config: The run's configuration as plain data; ``config["agent"]`` builds the
            acting agent with ``grasp.agent.build_agent``.
        run_dir: Folder of the run.
        task: What to learn on.
    """

    name: ClassVar[str] = ""

    context: Context

    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        self.config = config
        self.run_dir = run_dir
        self.task = task

    def batch_size(self, samples: int) -> int:
        """Return how many dev episodes run before ``learn``; by default as configured.

        Args:
            samples: Size of the dev split.
        """
        return self.context.settings.batch_size

    def artifact(self) -> Any:
        """Return what has been learned as JSON data, for people and for ``load_artifact``."""
        return None

    def load_artifact(self, data: Any) -> None:
        """Learn what another run of this method has learned; see ``artifact``."""

    def wrap(self, agent: Agent) -> Agent:
        """Return the agent as it acts with what has been learned; called per episode."""
        return agent

    def bare(self, agent: Agent) -> Agent:
        """Return the agent of the test without skills; called where nothing is learned.

        Override it where even then ``wrap`` shows an agent more than the task does.
        """
        return self.wrap(agent)

    def is_bare(self, empty: Any) -> bool:
        """Tell whether agents act now as those of ``bare``; both are then tested once.

        Override it where a state may hold what no agent is shown.

        Args:
            empty: The state in which nothing was learned.
        """
        return bool(self.state() == empty)

    def learn(self, batch: Batch, context: Context) -> None:
        """Learn from one batch of dev episodes."""

    def end_epoch(self, epoch: int, outcomes: Sequence[Outcome], context: Context) -> None:
        """Finish an epoch; ``outcomes`` are all its dev episodes."""

    def state(self) -> Any:
        """Return what has been learned as an immutable or JSON value."""
        return None

    def load(self, state: Any) -> None:
        """Restore a value of ``state``."""

    def library(self) -> SkillLibrary:
        """Return what has been learned as skills; empty for methods without any."""
        return SkillLibrary()

    def run(self) -> Any:
        """Learn for all epochs and evaluate; the harness by default."""
        return run_epochs(self, self.context)
