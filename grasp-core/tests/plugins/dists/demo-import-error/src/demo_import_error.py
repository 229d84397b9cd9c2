"""Imports what is not installed."""

import demo_missing_library  # noqa: F401
