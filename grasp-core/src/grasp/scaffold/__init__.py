"""Writes a new plugin's distribution from templates."""

from __future__ import annotations

from grasp.scaffold.names import Names, names_for
from grasp.scaffold.rendering import KINDS, render
from grasp.scaffold.writing import write

__all__ = ["KINDS", "Names", "names_for", "render", "write"]
