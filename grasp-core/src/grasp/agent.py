"""The original's way to build an agent inside a free-form method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.contracts import Agent


def build_agent(config: Mapping[str, Any]) -> Agent:
    """Return the acting agent of ``self.config["agent"]``.

    Inside a run its calls are stored and counted like all others, in the order in which
    they are made. Elsewhere ``config`` is ``{"preset": NAME, ...parameters}``.
    """
    from grasp.agents.adapt import adapt
    from grasp.agents.session import Session
    from grasp.plugins import load_agent

    session = getattr(config, "session", None)
    number = next(config.built) if session is not None else 0  # type: ignore[attr-defined]
    if session is None:
        parameters = dict(config)
        session = Session(adapt(load_agent(parameters.pop("preset"), **parameters)))
    agent: Agent = session.agent("rollout", f"free{number}")
    return agent
