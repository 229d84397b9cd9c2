"""The checks of a method."""

from __future__ import annotations

from grasp.testing.method import runs, values
from grasp.testing.method.case import MethodCase

CHECKS = (values.method_class, *runs.CHECKS, *values.CHECKS)

__all__ = ["CHECKS", "MethodCase"]
