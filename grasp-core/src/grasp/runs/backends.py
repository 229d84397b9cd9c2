"""The models of a run: the one that acts, the one that analyses, the one that proposes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grasp.agents.adapt import adapt
from grasp.agents.loader import load_backend
from grasp.agents.presets import available_presets
from grasp.contracts import Backend, ConfigError
from grasp.plugins import load_agent, registry
from grasp.runs.config import RunConfig


def open_backends(
    agent: Any,
    config: RunConfig,
    closing: list[Callable[[], None]],
    preset_dirs: Sequence[Path] = (),
) -> tuple[Backend, Backend, Backend]:
    """Return the acting, the analysing and the proposing backend (often the same one).

    Args:
        agent: Preset name, a backend, or any object with ``inference``.
        config: Temperatures, parameters and the writer's preset.
        closing: Gets one function for each backend that is opened.
        preset_dirs: Folders of the user's own presets.

    Raises:
        AgentSetupError: A variable or an extra is missing.
        ConfigError: The writer has parameters that it can't take.
        PluginError: Nobody knows the name.
    """
    overrides: dict[str, Any] = dict(config.agent_params)
    if config.agent_temperature is not None:
        overrides["temperature"] = config.agent_temperature

    opened: list[Backend] = []

    def build(source: Any, parameters: Mapping[str, Any]) -> Backend:
        if isinstance(source, str):
            source = _named(source, parameters, preset_dirs)
        backend = adapt(source)
        closing.append(backend.close)
        _share_window(backend, opened)
        opened.append(backend)
        return backend

    actor = build(agent, overrides)
    # Without a writer of its own, the acting model writes, by other parameters if there are some.
    source = config.writer or agent
    parameters = config.writer_params if config.writer else {**overrides, **config.writer_params}
    if not isinstance(source, str) and config.writer_params:
        raise ConfigError(
            "writer_params can't be given to an agent that is an object",
            "name a writer, or pass the agent by name",
        )
    same = not config.writer and not config.writer_params
    analyst = actor if same else build(source, parameters)
    temperature = config.cycle.proposal_temperature
    # An agent given as an object has no temperature to set.
    if temperature is None or not isinstance(source, str):
        return actor, analyst, analyst
    writer = build(source, {**parameters, "temperature": temperature})
    return actor, analyst, writer


def open_judge(
    config: RunConfig,
    closing: list[Callable[[], None]],
    preset_dirs: Sequence[Path] = (),
    other: Backend | None = None,
) -> Backend | None:
    """Return the backend of the model judge; ``None`` where the acting model judges.

    Args:
        config: Preset and parameters of the judge.
        closing: Gets the function that closes it.
        preset_dirs: Folders of the user's own presets.
        other: The acting model, whose endpoint it may share.

    Raises:
        AgentSetupError: A variable or an extra is missing.
        PluginError: Nobody knows the name.
    """
    if config.judge is None:
        return None
    backend = adapt(_named(config.judge, config.judge_params, preset_dirs))
    closing.append(backend.close)
    if other is not None:
        _share_window(backend, [other])
    return backend


def _share_window(backend: Any, others: Sequence[Any]) -> None:
    """Let all models of one endpoint share one congestion window."""
    for other in others:
        if (
            hasattr(backend, "window")
            and hasattr(other, "window")
            and backend.identity.get("endpoint") == other.identity.get("endpoint")
        ):
            backend.window = other.window
            return


def _named(name: str, parameters: Mapping[str, Any], preset_dirs: Sequence[Path]) -> Any:
    """Return the agent of a name: a registered one, else a preset file of the user's."""
    if name not in registry().names("agents") and "/" not in name:
        own = available_presets(preset_dirs)
        if name in own or name.endswith((".yaml", ".yml")):
            return load_backend(name, directories=preset_dirs, **parameters)
    return load_agent(name, **parameters)


def presets_beside(config_file: object) -> tuple[Path, ...]:
    """Return the folder ``agents`` beside a configuration file, where the original looks."""
    if not isinstance(config_file, (str, Path)):
        return ()
    return (Path(config_file).parent / "agents",)
