"""Self-improvement methods: the harness they share, the gate, and GRASP itself."""

from __future__ import annotations

from grasp.methods.base import Method
from grasp.methods.context import Batch, Context
from grasp.methods.harness import LearningResult, Score
from grasp.methods.settings import CycleSettings

__all__ = ["Batch", "Context", "CycleSettings", "LearningResult", "Method", "Score"]
