"""The ``grasp`` command with the toy, as in the tests of the commands."""

from __future__ import annotations

from ..cli.conftest import grasp, plugin

__all__ = ["grasp", "plugin"]
