"""A run, or a folder of runs, as one HTML file that works from disk: ``grasp report``."""

from __future__ import annotations

from grasp.report.html.reading import overview_page, run_page

__all__ = ["overview_page", "run_page"]
