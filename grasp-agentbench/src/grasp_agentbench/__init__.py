"""AgentBench for GRASP: operating system, database, web shop and household environments."""

from __future__ import annotations

__version__ = "0.1.0"
