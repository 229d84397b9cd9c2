"""A run as one HTML file that works from disk: ``grasp report``."""

from __future__ import annotations

from grasp.report.html.reading import run_page

__all__ = ["run_page"]
