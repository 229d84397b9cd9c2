"""Where an agent's shell runs: one interface, several boundaries (spec agentbench, 1.6)."""

from __future__ import annotations

from grasp_agentbench.os_interaction.sandbox.base import (
    Backend,
    Finished,
    Limits,
    Sandbox,
    SandboxError,
)
from grasp_agentbench.os_interaction.sandbox.choose import BACKENDS, choose, sandbox_backends
from grasp_agentbench.os_interaction.sandbox.shell import Shell, ShellTimeout

__all__ = [
    "BACKENDS",
    "Backend",
    "Finished",
    "Limits",
    "Sandbox",
    "SandboxError",
    "Shell",
    "ShellTimeout",
    "choose",
    "sandbox_backends",
]
