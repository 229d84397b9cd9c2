"""Runs code that a model wrote, with time, memory and output limits, and nothing to reach.

On Linux (x86-64 and arm64) an ordinary user's process can give up nearly all system calls
(seccomp): no file can be opened, no socket made, no process started. Elsewhere only the
limits hold, and ``isolation()`` says so.
"""

from __future__ import annotations

from grasp_fhir_agentbench.sandbox.runner import Limits, Sandbox, isolation

__all__ = ["Limits", "Sandbox", "isolation"]
