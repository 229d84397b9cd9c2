"""The checks of a gate."""

from __future__ import annotations

from grasp.testing.gate.case import GateCase
from grasp.testing.gate.decisions import CHECKS

__all__ = ["CHECKS", "GateCase"]
