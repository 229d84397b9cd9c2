"""Checks of how an agent is made, named and closed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grasp.contracts import GraspError
from grasp.plugins.loading import one_line
from grasp.testing.agent.case import AgentCase
from grasp.testing.checks import Broken
from grasp.testing.difference import difference

_SECRET = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)
_SHORTEST_SECRET = 8


def agent_built(case: AgentCase) -> Iterator[Broken]:
    """The factory makes something that can be asked."""
    error = case.built
    if isinstance(error, GraspError):
        yield Broken(f"the agent can't be made: {error.message}", error.hint or "see its settings")
    elif isinstance(error, Exception):
        yield Broken(
            f"making the agent raised {one_line(error)}",
            "raise AgentSetupError with a hint for what the user can mend; make no call yet",
        )


def known_identity(case: AgentCase) -> Iterator[Broken]:
    """``identity`` names what answers depend on; it is JSON and always the same."""
    remedy = (
        "return {'backend': ..., 'model': ..., 'endpoint': ..., 'parameters': {...}}: it is part "
        "of every call's address"
    )
    identity: Any = case.backend.identity
    if not isinstance(identity, Mapping):
        yield Broken(f"identity is a {type(identity).__name__}", remedy)
        return
    missing = [key for key in ("backend", "model") if not identity.get(key)]
    if missing:
        yield Broken(f"identity has no {' and no '.join(missing)}", remedy)
    try:
        json.dumps(identity, allow_nan=False)
    except (TypeError, ValueError) as error:
        yield Broken(f"identity is no JSON: {one_line(error)}", remedy)
        return
    others = [("when it is read again", case.backend)]
    if case.rebuilds and not isinstance(other := case.another(), Exception):
        others.append(("in an agent made alike", other))
    for where, backend in others:
        changed = difference(dict(identity), dict(backend.identity))
        if changed:
            yield Broken(f"identity differs {where}: {changed}", f"no clock, no chance: {remedy}")
            return


def no_secrets(case: AgentCase) -> Iterator[Broken]:
    """``identity`` holds no key or token: it is written into run folders."""
    text = json.dumps(case.backend.identity, default=str)
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET and value in text:
            yield Broken(
                f"identity holds the value of {name}",
                "leave keys out of identity; answers don't depend on them",
            )


def closes_twice(case: AgentCase) -> Iterator[Broken]:
    """``close`` can be called again."""
    backend = case.another() if case.rebuilds else case.backend
    if isinstance(backend, Exception):
        return
    for time in ("first", "second"):
        try:
            backend.close()
        except Exception as error:
            yield Broken(
                f"the {time} close() raised {one_line(error)}",
                "release what is there; do nothing where nothing is",
            )
            return


CHECKS = (agent_built, known_identity, no_secrets)
