"""Needs a library at first use."""

from __future__ import annotations

from typing import Any

TEXT = "not a factory"


def late() -> Any:
    """Import what is missing when called."""
    import demo_missing_docker

    return demo_missing_docker
