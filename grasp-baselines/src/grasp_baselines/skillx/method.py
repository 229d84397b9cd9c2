"""SkillX: after every epoch, skills are extracted from what succeeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

from grasp import Agent, Method, Task
from grasp.contracts import Outcome
from grasp.methods import Batch, Context
from grasp.methods.harness import rng
from grasp_baselines.placement import BlockAgent
from grasp_baselines.restoring import rows
from grasp_baselines.settings import SkillxParams, params_of
from grasp_baselines.skillx.library import (
    Skill,
    put,
    read_merged,
    read_skills,
    render,
    retrieve,
    same_names,
)
from grasp_baselines.skillx.trajectory import MAX_TASK, STUB, read_plan, steps, trajectory
from grasp_baselines.writing import ask, question

#: Skills of one name that are merged at most.
MAX_MERGED = 15


class SkillX(Method):
    """Learns skills from successes; none is ever tested or removed."""

    name: ClassVar[str] = "skillx"

    def __init__(self, config: Mapping[str, Any], run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        self._params = params_of(SkillxParams, config)
        self._skills: tuple[Skill, ...] = ()

    def batch_size(self, samples: int) -> int:
        """Return the whole epoch: the library is frozen within it."""
        return max(samples, 1)

    def wrap(self, agent: Agent) -> Agent:
        """Return the agent as it acts with the skills that fit what it was told."""
        skills, most = self._skills, self._params.retrieval_top_k
        return BlockAgent(
            agent, lambda query: render(retrieve(skills, query, most)), self.task, heading=True
        )

    def learn(self, batch: Batch, context: Context) -> None:
        """Extract, filter and merge the skills of this epoch's successes."""
        scope = f"{batch.scope}/skillx"
        extracted: list[Skill] = []
        successes = [o for o in batch.outcomes if o.correct and not o.is_error]
        for outcome in successes:
            extracted += self._extract(outcome, f"{scope}/{outcome.sample_id}", context)
        kept = self._filter(extracted, scope, context)
        merged = self._merge(kept, scope, context)
        self._skills = put(self._skills, [replace(s, epoch=batch.epoch) for s in merged])
        context.record(
            "skillx",
            epoch=batch.epoch,
            successful=len(successes),
            extracted=len(extracted),
            filtered=len(kept),
            merged=len(merged),
            skills=[asdict(skill) for skill in self._skills],
        )

    def _extract(self, outcome: Outcome, scope: str, context: Context) -> list[Skill]:
        facts: dict[str, Any] = {
            "family": self.task.updater_task_family,
            "task": question(outcome, context)[:MAX_TASK],
            "trajectory": trajectory(outcome, self._params),
        }
        plan = STUB
        if self._params.use_plan_extraction:
            plan = read_plan(ask(context, "plan", f"{scope}/plan", "skillx_plan", **facts))
        found: list[Skill] = []
        for number, step in enumerate(steps(plan)):
            for attempt in range(self._params.extractor_max_retries):
                place = f"{scope}/step{number}/{attempt}"
                told = {**facts, "step": step, "skills": put((), found)}
                answer = ask(context, "extract", place, "skillx_extract", **told)
                skills = read_skills(answer) if answer else None
                if skills is not None:
                    found += skills  # Those of one name too: they are merged in the end.
                    break
        return found

    def _filter(self, skills: Sequence[Skill], scope: str, context: Context) -> list[Skill]:
        if not self._params.filter_stage1:
            return list(skills)

        def good(number: int) -> bool:
            answer = ask(
                context,
                "filter",
                f"{scope}/filter/{number}",
                "skillx_filter",
                family=self.task.updater_task_family,
                content=skills[number].content,
            )
            return answer is not None and "good" in answer.lower()

        verdicts = context.engine.executor.map(
            good, range(len(skills)), on_interrupt=context.writer.cancel
        )
        return [skill for skill, is_good in zip(skills, verdicts, strict=True) if is_good]

    def _merge(self, skills: Sequence[Skill], scope: str, context: Context) -> list[Skill]:
        if not self._params.enable_llm_merge:
            return list(put((), skills))
        found: list[Skill] = []
        for number, group in enumerate(same_names(skills)):
            if len(group) == 1:
                found += group
                continue
            if len(group) > MAX_MERGED:
                draw = rng(context.settings.seed, "merge", scope, number)
                group = draw.sample(group, MAX_MERGED)
            answer = ask(
                context,
                "merge",
                f"{scope}/merge/{number}",
                "skillx_merge",
                family=self.task.updater_task_family,
                skills=group,
            )
            found += read_merged(answer, group, compat=self._params.upstream_compat)
        return found

    def state(self) -> tuple[Skill, ...]:
        """Return the skills."""
        return self._skills

    def load(self, state: Any) -> None:
        """Restore skills."""
        self._skills = tuple(state)

    def artifact(self) -> list[dict[str, Any]]:
        """Return the skills as JSON data."""
        return [asdict(skill) for skill in self._skills]

    def load_artifact(self, data: Any) -> None:
        """Restore skills; ``ValueError`` if the data is none."""
        self._skills = rows(Skill, data)
