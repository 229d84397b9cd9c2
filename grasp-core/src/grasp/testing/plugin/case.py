"""A plugin under examination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from grasp.plugins.plugin import Plugin
from grasp.plugins.specs import Spec
from grasp.testing.checks import Blocked


@dataclass(frozen=True)
class PluginCase:
    """A plugin, and those of its specs that are looked at."""

    plugin: Plugin
    specs: Sequence[Spec]

    @property
    def target(self) -> str:
        """Module (and object in it) of the plugin's entry point."""
        return self.plugin.found.target

    @cached_property
    def holder(self) -> Any:
        """The object whose hooks are called, or what importing it raised."""
        module, _, path = self.target.partition(":")
        try:
            holder: Any = import_module(module)
            for part in filter(None, path.split(".")):
                holder = getattr(holder, part)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return error
        return holder

    @property
    def hooks(self) -> Any:
        """The object whose hooks are called.

        Raises:
            Blocked: It can't be imported.
        """
        if isinstance(self.holder, BaseException):
            raise Blocked
        return self.holder
