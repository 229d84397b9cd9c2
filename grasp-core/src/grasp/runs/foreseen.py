"""What would refuse the runs that a file names, found before anything of them is paid."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from grasp.contracts import AgentSetupError, Task
from grasp.plugins import registry
from grasp.runs.backends import open_backends, open_judge
from grasp.runs.config import RunConfig
from grasp.runs.gates import build_gate
from grasp.runs.methods import build_method


def check_settings(config: RunConfig) -> None:
    """Look whether there are the executor and the gate that settings name.

    Raises:
        PluginError: There are not.
        ConfigError: The gate refuses a parameter.
    """
    registry().find("executors", config.executor)
    build_gate(config.cycle)


def check_method(config: RunConfig, task: Task) -> None:
    """Look whether there is the method that settings name, and whether it takes its parameters.

    Raises:
        PluginError: There is none of this name.
        ConfigError: It refuses a parameter.
    """
    registry().resolve("methods", config.method)
    if config.method_params:  # Only a method itself knows which it takes.
        with tempfile.TemporaryDirectory(prefix="grasp-check-") as folder:
            build_method(config, task, Path(folder), "scripted")


def check_agent(
    name: str, config: RunConfig, preset_dirs: Sequence[Path] = (), *, usable: bool
) -> None:
    """Open the models of a run and close them again; none is asked.

    Args:
        name: Preset of the acting model.
        config: Settings with their parameters, the writer and the judge.
        preset_dirs: Folders of the user's own presets.
        usable: Also what this machine lacks is a fault: a variable, an extra, a model's file.

    Raises:
        PluginError: Nobody knows one of the names.
        ConfigError: A parameter that one can't take.
        AgentSetupError: One can't be used.
    """
    closing: list[Callable[[], None]] = []
    try:
        actor = open_backends(name, config, closing, preset_dirs)[0]
        open_judge(config, closing, preset_dirs, actor)
    except AgentSetupError as error:
        if usable or error.kind == "unknown_preset":
            raise
    finally:
        for close in reversed(closing):
            close()
