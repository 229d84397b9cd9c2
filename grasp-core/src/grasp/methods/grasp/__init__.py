"""The GRASP learner: ``observe``, ``explain``, ``propose``, ``probe`` and the gate."""

from __future__ import annotations

from grasp.methods.grasp.learner import Grasp

__all__ = ["Grasp"]
