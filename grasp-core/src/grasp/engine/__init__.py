"""Runs rollouts: (task, sample, agent, wrapper) to scored outcomes, many at a time."""

from __future__ import annotations

from grasp.engine.engine import Engine, Notify, Wave
from grasp.engine.executor import Executor, place
from grasp.engine.needed import Needed
from grasp.engine.rollouts import Job, Wrap, run_rollout
from grasp.engine.threads import ThreadExecutor

__all__ = [
    "Engine",
    "Executor",
    "Job",
    "Needed",
    "Notify",
    "ThreadExecutor",
    "Wave",
    "Wrap",
    "place",
    "run_rollout",
]
