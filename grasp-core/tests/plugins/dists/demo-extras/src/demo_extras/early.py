"""Needs a library at import."""

import demo_missing_docker  # noqa: F401
