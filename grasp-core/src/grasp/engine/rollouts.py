"""One episode, from sample to scored outcome, whatever goes wrong in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

from grasp.agents.session import Session, SessionAgent
from grasp.contracts import (
    Agent,
    AgentError,
    ContextLimitError,
    GraspError,
    Outcome,
    Rollout,
    RunError,
    Sample,
    Status,
    Task,
)

#: How a method changes what the acting model sees; called once per rollout.
Wrap = Callable[[Agent], Agent]

#: Tries of one episode when its environment, not the model, fails.
ENVIRONMENT_TRIES = 2


@dataclass(frozen=True)
class Job:
    """One episode to run.

    Attributes:
        sample: The task's sample.
        scope: Place in the run; unique within it.
        purpose: What the calls are counted under (``rollout``, ``probe``, ``validation``, …).
        wrap: The method's wrapper.
        skills: Names of the library's skills, kept with the outcome.
    """

    sample: Sample
    scope: str
    purpose: str
    wrap: Wrap
    skills: tuple[str, ...] = ()


def run_rollout(task: Task, session: Session, job: Job) -> Outcome:
    """Run and score one episode.

    Returns:
        An outcome; status ``error`` where the episode could not be run or graded.

    Raises:
        AgentError: Only one that would fail every other episode too (``fatal``).
        RunError: An answer could not be stored.
    """
    for attempt in range(ENVIRONMENT_TRIES):
        inner = session.agent(job.purpose, job.scope)
        agent = job.wrap(inner)
        try:
            rollout = task.rollout(job.sample, agent)
        except ContextLimitError:
            rollout = Rollout(status=Status.CONTEXT_LIMIT.value)
        except AgentError as error:
            if error.fatal:
                raise
            return _error(task, job, f"{error.kind}: {error.message}")
        except RunError:
            raise
        except Exception as error:
            if _stops(inner.fault):  # The task has made an exception of its own of it.
                raise inner.fault from None
            if not isinstance(error, OSError):
                return _error(task, job, f"rollout raised {_one_line(error)}")
            if attempt + 1 == ENVIRONMENT_TRIES:
                return _error(task, job, f"environment: {_one_line(error)}")
            continue
        return _scored(task, session, job, agent, inner, rollout)
    raise AssertionError("unreachable")


def _stops(fault: GraspError | None) -> TypeGuard[GraspError]:
    """Tell whether a fault would fail every other episode too."""
    return fault is not None and (fault.fatal if isinstance(fault, AgentError) else True)


def _scored(
    task: Task, session: Session, job: Job, agent: Agent, inner: SessionAgent, rollout: Rollout
) -> Outcome:
    fault = inner.fault
    if _stops(fault):
        raise fault
    if isinstance(fault, AgentError) and not isinstance(fault, ContextLimitError):
        # The task caught the exception itself; the episode is still missing, not wrong.
        return _error(task, job, f"{fault.kind}: {fault.message}")
    status = str(getattr(rollout, "status", None) or Status.UNKNOWN)
    if status == Status.ERROR.value:
        return _error(task, job, "the task reports an error")
    try:
        verdict = task.judge(job.sample, rollout, session.judging.agent())
        if verdict is None:
            verdict = task.evaluate(job.sample, rollout)
        score = float(verdict)
        correct = score >= task.pass_threshold
        tags = [] if correct else task.failure_tags(job.sample, rollout)
        return Outcome(
            sample_id=str(job.sample["id"]),
            sample_type=task.sample_type(job.sample),
            instruction=task.instruction(job.sample),
            correct=correct,
            score=score,
            status=status,
            answer="" if rollout.answer is None else str(rollout.answer),
            ground_truth=task.ground_truth(job.sample),
            agent_actions=tuple(str(a) for a in rollout.agent_actions or ()),
            history=tuple(dict(m) for m in rollout.history or ()),
            tags=tuple(sorted(set(tags))),
            skills=job.skills,
            injected=tuple(sorted(getattr(agent, "injected", ()))),
            group=task.report_group(job.sample),
            metrics={k: float(v) for k, v in task.metrics(job.sample, rollout).items()},
        )
    except RunError:
        raise
    except AgentError as error:
        if error.fatal:
            raise
        return _error(task, job, f"the judge failed: {error.kind}: {error.message}")
    except Exception as error:
        return _error(task, job, f"grading raised {_one_line(error)}")


def _error(task: Task, job: Job, message: str) -> Outcome:
    return Outcome(
        sample_id=str(job.sample["id"]),
        sample_type=task.sample_type(job.sample),
        instruction=task.instruction(job.sample),
        status=Status.ERROR.value,
        skills=job.skills,
        error=message,
        group=task.report_group(job.sample),
    )


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
