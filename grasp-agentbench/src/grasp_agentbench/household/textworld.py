"""Plays game files with the real engine: TextWorld, through ALFWorld's package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grasp.contracts import PluginError

INSTALL = (
    "CMAKE_POLICY_VERSION_MINIMUM=3.5 pip install 'grasp-agentbench[alfworld]' "
    "(it compiles: needs cmake, make and a C++ compiler)"
)


class TextWorldPlay:
    """One play of a game file, in the file's own grammar. Used by one thread.

    Raises:
        PluginError: The extra is not installed.
    """

    def __init__(self, path: Path) -> None:
        try:
            from alfworld.agents.environment.alfred_tw_env import AlfredDemangler
            from textworld.core import EnvInfos
            from textworld.envs.pddl import PddlEnv
        except ImportError as error:
            raise PluginError(f"engine textworld needs {error.name}", INSTALL) from None
        wanted = EnvInfos(won=True, admissible_commands=True, feedback=True)
        self._env: Any = AlfredDemangler(PddlEnv(wanted), shuffle=False)
        self._env.load(str(path))
        self._state: Any = self._env.reset()
        self.introduction = str(self._state.feedback)
        self.walkthrough = list(json.loads(path.read_text(encoding="utf-8"))["walkthrough"])

    @property
    def won(self) -> bool:
        """The task is done."""
        return bool(self._state.won)

    @property
    def commands(self) -> list[str]:
        """The admissible commands."""
        return list(self._state.admissible_commands)

    def step(self, command: str) -> str:
        """Carry out a command; return what is said."""
        self._state, _, _ = self._env.step(command)
        return str(self._state.feedback)
