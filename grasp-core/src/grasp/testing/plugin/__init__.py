"""The checks of a plugin: what GRASP loads before anything of it is used."""

from __future__ import annotations

from grasp.testing.plugin import factories, hooks, imports
from grasp.testing.plugin.case import PluginCase

CHECKS = (*hooks.CHECKS, *imports.CHECKS, *factories.CHECKS)

__all__ = ["CHECKS", "PluginCase"]
