"""The paper's tables, recomputed from figures of single runs."""

from __future__ import annotations

from grasp.results.figures import Figure, read_figures, read_published
from grasp.results.tables import Cell, cells

__all__ = ["Cell", "Figure", "cells", "read_figures", "read_published"]
