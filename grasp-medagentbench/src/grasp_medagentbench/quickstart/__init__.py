"""The quickstart: a compact magnesium task that a small model learns in minutes."""

from __future__ import annotations
