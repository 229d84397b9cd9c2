"""Builds the method a run's settings name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grasp.agents.session import Session
from grasp.contracts import Task
from grasp.methods import Method
from grasp.plugins import load_method, registry
from grasp.plugins.factories import validated
from grasp.runs.config import RunConfig


class AgentConfig(dict[str, Any]):
    """``config["agent"]`` of a method: plain data, and a way to the run's session."""

    session: Session
    built: Iterator[int]


def build_method(
    config: RunConfig,
    task: Task,
    run_dir: Path,
    agent: Any,
    session: Session | None = None,
    kind: type[Method] | None = None,
) -> Method:
    """Return the method of a run; it has no context yet.

    Args:
        config: The run's settings.
        task: What it learns on.
        run_dir: Folder of the run.
        agent: What the acting model was asked for by.
        session: The acting model's, for methods that build their agents themselves.
        kind: Class of the method; ``None`` loads ``config.method``.

    Raises:
        PluginError: Nobody knows the name, or it can't be imported.
        ConfigError: A parameter it doesn't have or refuses.
    """
    if kind is None:
        plugin, spec = registry().find("methods", config.method)
        validated(plugin, spec, config.method_params)
        kind = load_method(config.method)
    data = config.to_yaml_data()
    acting = AgentConfig({"preset": agent if isinstance(agent, str) else "custom"})
    acting.built = itertools.count()
    if session is not None:
        acting.session = session
    cycle = data["cycle"]
    for name, field in type(config.cycle).model_fields.items():
        for alias in getattr(field.validation_alias, "choices", ()):
            cycle[str(alias)] = cycle[name]
    return kind({**data, "agent": acting, "cycle": cycle}, run_dir, task)
