"""The checks of a task."""

from __future__ import annotations

from grasp.testing.task import environment, episodes, grading, samples
from grasp.testing.task.case import TaskCase

CHECKS = (*samples.CHECKS, *environment.CHECKS, *episodes.CHECKS, *grading.CHECKS)

__all__ = ["CHECKS", "TaskCase"]
