"""Sequential and batch memory: one note for every failure; they differ in when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from grasp import Agent, Method, Task
from grasp.contracts import Outcome
from grasp.methods import Batch, Context
from grasp_baselines.memory.notes import add_notes, read_note, render_notes
from grasp_baselines.placement import BlockAgent
from grasp_baselines.restoring import rows
from grasp_baselines.settings import MemoryParams, params_of
from grasp_baselines.writing import ask, response

#: Characters of a response that the writer sees.
MAX_RESPONSE = 1000


class BatchMemory(Method):
    """Takes a note of every failure of a batch; the next batch is run with them."""

    name: ClassVar[str] = "batch-memory"

    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        self._params = params_of(MemoryParams, config)
        self._notes: tuple[str, ...] = ()

    def wrap(self, agent: Agent) -> Agent:
        """Return the agent as it acts with all notes."""
        block = render_notes(self._notes)
        return BlockAgent(agent, lambda query: block, self.task)

    def learn(self, batch: Batch, context: Context) -> None:
        """Ask for a note on each failure; each sees the notes taken before it."""
        failed = [o for o in batch.outcomes if not o.correct and not o.is_error]
        taken: list[str] = []
        for outcome in failed:
            note = self._note(outcome, add_notes(self._notes, taken), batch, context)
            if note:
                taken.append(note)
        self._notes = add_notes(self._notes, taken, self._params.max_bullets)
        context.record(
            "memory",
            epoch=batch.epoch,
            cycle=batch.cycle,
            failures=len(failed),
            added=taken,
            size=len(self._notes),
        )

    def _note(
        self, outcome: Outcome, known: tuple[str, ...], batch: Batch, context: Context
    ) -> str:
        answer = ask(
            context,
            "note",
            f"{batch.scope}/note/{outcome.sample_id}",
            "note",
            family=self.task.updater_task_family,
            outcome=outcome,
            response=response(outcome.agent_actions, outcome.answer)[:MAX_RESPONSE],
            reference=self._params.reference(outcome, self.task),
            memory=render_notes(known),
        )
        return read_note(answer) if answer else ""

    def state(self) -> tuple[str, ...]:
        """Return the notes."""
        return self._notes

    def load(self, state: Any) -> None:
        """Restore notes."""
        self._notes = tuple(state)

    def artifact(self) -> list[str]:
        """Return the notes as a list."""
        return list(self._notes)

    def load_artifact(self, data: Any) -> None:
        """Restore a list of notes; ``ValueError`` if it is none."""
        self._notes = rows(str, data)


class SequentialMemory(BatchMemory):
    """Takes a note after every failure; the very next episode is run with it."""

    name: ClassVar[str] = "sequential-memory"

    def batch_size(self, samples: int) -> int:
        """Return 1: an episode is run with what was learned from the one before."""
        return 1
