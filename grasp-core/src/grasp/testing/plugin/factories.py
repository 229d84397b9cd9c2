"""Checks of the paths a plugin registers."""

from __future__ import annotations

from collections.abc import Iterator

from grasp.contracts import GraspError
from grasp.plugins.factories import import_factory, import_target
from grasp.testing.checks import Broken
from grasp.testing.plugin.case import PluginCase


def importable_factories(case: PluginCase) -> Iterator[Broken]:
    """Every factory, parameter model and data description can be imported."""
    for spec in case.specs:
        fields = {"params_model": spec.params_model, "data": getattr(spec, "data", None)}
        try:
            path = spec.factory
            import_factory(case.plugin, spec)
            for field in fields:
                if fields[field] is not None:
                    path = str(fields[field])
                    import_target(case.plugin, spec, path)
        except GraspError as error:
            yield Broken(
                error.message,
                f"correct {path!r}, or add what it imports to dependencies (or to an extra "
                "that the spec names in requires)",
            )


CHECKS = (importable_factories,)
