"""The one way from a preset's name to a backend."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from grasp.agents.apis import Api
from grasp.agents.presets import find_preset
from grasp.agents.settings import Settings
from grasp.contracts import AgentSetupError, Backend


def load_backend(
    preset: str,
    *,
    directories: Sequence[str | Path] = (),
    environ: Mapping[str, str] | None = None,
    **overrides: Any,
) -> Backend:
    """Build the backend of a preset; no call is made.

    Args:
        preset: Name of a preset, or path of its YAML file.
        directories: Where a user's presets are looked for first, such as ``agents/``
            beside a configuration file.
        environ: Environment variables; the process's own by default.
        overrides: ``temperature``, ``max_tokens``, ``model``, ``base_url``, ``api_key``,
            ``timeout``, ``max_retries``, ``stop``, ``extra``, … ; ``None`` overrides
            nothing. ``temperature="default"`` sends none.

    Raises:
        AgentSetupError: Unknown preset, missing variable or missing extra.
        ConfigError: An override the preset has no use for, or a value that is not valid.
    """
    environ = os.environ if environ is None else environ
    found = find_preset(preset, directories, environ)
    settings = found.settings(environ, overrides)
    absent = missing_extras(found.kind)
    if absent:
        raise AgentSetupError(
            f"preset {found.name!r} needs the extra [{absent[0]}] of grasp-core",
            install_line(absent[0]),
            kind="missing_extra",
        )
    return _factory(found.kind)(settings)


def install_line(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'grasp-core[{extra}]'"


def missing_extras(kind: Api) -> list[str]:
    """Return the extras whose modules are not installed."""
    return sorted({extra for module, extra in kind.needs.items() if not _installed(module)})


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _factory(kind: Api) -> Callable[[Settings], Backend]:
    module, _, name = kind.factory.partition(":")
    factory: Callable[[Settings], Backend] = getattr(import_module(module), name)
    return factory
