"""Graders: pure functions of a record, a transcript, an answer and a read-only chart."""

from __future__ import annotations

from grasp_medagentbench.graders.chart import Chart, ChartError
from grasp_medagentbench.graders.episode import Episode
from grasp_medagentbench.graders.grade import Grader, grade, type_of
from grasp_medagentbench.graders.v1 import GRADERS as V1_GRADERS

__all__ = ["V1_GRADERS", "Chart", "ChartError", "Episode", "Grader", "grade", "type_of"]
