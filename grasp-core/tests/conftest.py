"""Settings that every room's tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples in every run, and no database beside the code.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")
