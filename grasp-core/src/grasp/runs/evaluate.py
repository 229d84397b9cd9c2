"""Evaluates an agent on one split, outside of any run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grasp.agents.session import Session
from grasp.contracts import SPLITS, Agent, Outcome, Task, TaskError
from grasp.engine import Engine, Job, Wrap, place
from grasp.methods.harness import Score, brief, score
from grasp.methods.subset import first_samples
from grasp.plugins import load_executor
from grasp.runs.backends import open_backends, open_judge
from grasp.runs.callstore import CallStore
from grasp.runs.config import RunConfig
from grasp.runs.execute import Listener
from grasp.runs.preflight import check_endpoint
from grasp.runs.rundir import make_folder
from grasp.skills import SkillAgent, SkillLibrary


@dataclass(frozen=True)
class Evaluation:
    """An agent's outcomes on a split."""

    split: str
    skills: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    usage: dict[str, Any]
    wall_s: float

    @property
    def score(self) -> Score:
        """Accuracy with its subsets."""
        return score(self.outcomes)

    @property
    def by_type(self) -> dict[str, Score]:
        """Accuracy per sample type."""
        types = sorted({o.sample_type for o in self.outcomes})
        return {t: score([o for o in self.outcomes if o.sample_type == t]) for t in types}

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON data."""
        return {
            "split": self.split,
            "skills": list(self.skills),
            **self.score.to_json(),
            "by_type": {t: s.to_json() for t, s in self.by_type.items() if t},
            "samples": brief(self.outcomes),
            **self.usage,
            "wall_s": round(self.wall_s, 3),
        }


def evaluate(
    task: Task,
    agent: Any,
    config: RunConfig,
    *,
    split: str = "val",
    library: SkillLibrary | None = None,
    wrap: Wrap | None = None,
    limit: int | None = None,
    per_type: int | None = None,
    store_file: Path | None = None,
    listener: Listener | None = None,
    preset_dirs: Sequence[Path] = (),
) -> Evaluation:
    """Run every sample of a split once.

    Args:
        task: Where the samples come from.
        agent: Preset name, a backend, or any object with ``inference``.
        config: Settings; of the loop's only ``concurrency`` matters.
        split: ``dev``, ``val``, ``test``, ``ood`` or one of the task's own.
        library: Skills to act with.
        wrap: Makes the acting agent instead, such as an ``Artifact``'s.
        limit: Only the first so many samples, after ``per_type``.
        per_type: Only the first so many samples of each type.
        store_file: Keep answers here and use those that are here.
        listener: Called with every progress event.
        preset_dirs: Folders of the user's own presets.

    Raises:
        TaskError: The split is unknown or empty.
        AgentError: The endpoint can't be used.
    """
    known = library or SkillLibrary()
    started = time.monotonic()
    closing: list[Callable[[], None]] = []
    try:
        actor = open_backends(agent, config, closing, preset_dirs)[0]
        judge = open_judge(config, closing, preset_dirs, actor)
        check_endpoint(actor)
        executor = load_executor(config.executor, concurrency=config.cycle.concurrency)
        closing.append(executor.close)
        placed = place(executor, task)
        task.setup()
        closing.append(task.close)
        samples = first_samples(task, split, limit=limit, per_type=per_type)
        if not samples:
            have = [s for s in (*SPLITS, "probe") if task.samples(s)]
            raise TaskError(
                f"the task has no samples in the split {split!r}",
                f"it has: {', '.join(have) or 'none'}",
            )
        store = None
        if store_file is not None:
            make_folder(store_file.parent)
            store = CallStore(store_file)
            closing.append(store.close)
        session = Session(actor, store, memoise=config.deterministic, judge=judge)

        def with_skills(inner: Agent) -> Agent:
            return SkillAgent(inner, known, task)

        def notify(kind: str, /, **facts: Any) -> None:
            if listener is not None:
                listener(kind, facts)

        engine = Engine(placed, session, executor, notify)
        acting = wrap or with_skills
        jobs = [Job(s, f"{split}/{s['id']}", "test", acting, known.names) for s in samples]
        outcomes = engine.run(jobs, split)
        return Evaluation(
            split,
            known.names,
            tuple(outcomes),
            session.ledger.summary(),
            time.monotonic() - started,
        )
    finally:
        for close in reversed(closing):
            close()
