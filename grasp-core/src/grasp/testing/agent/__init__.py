"""The checks of an agent backend."""

from __future__ import annotations

from grasp.testing.agent import answers, identity
from grasp.testing.agent.case import AgentCase

# Closing comes last: an agent that is closed need not answer any more.
CHECKS = (*identity.CHECKS, *answers.CHECKS, identity.closes_twice)

__all__ = ["CHECKS", "AgentCase"]
