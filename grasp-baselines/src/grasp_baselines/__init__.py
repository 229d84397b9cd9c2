"""Self-improvement baselines for GRASP, run by the same harness."""

from __future__ import annotations

__version__ = "0.1.0"
