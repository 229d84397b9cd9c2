"""Fixtures for tests of the root command: the distributions of the plugin tests."""

from __future__ import annotations

from ..plugins.distributions import environment, grasp, install, process, sites

__all__ = ["environment", "grasp", "install", "process", "sites"]
