"""Finds the plugins that are wanted and loads each on its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grasp.plugins.entrypoints import CORE, GROUP, Found, entry_points
from grasp.plugins.loading import load
from grasp.plugins.plugin import Plugin
from grasp.plugins.selection import Selection, select

BUILTIN = "grasp.plugins.builtin"


def discover(
    disabled: Iterable[str] = (),
    modules: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
) -> list[Plugin]:
    """Find and load all plugins; see ``select`` for the arguments.

    Returns:
        Core first, then by distribution, then modules; broken, incompatible and
        disabled ones included.
    """
    return load_selected(select(disabled, modules, environ))


def load_selected(selection: Selection) -> list[Plugin]:
    """Find all plugins and load those that a selection doesn't leave out."""
    found = entry_points(GROUP)
    if not any(f.distribution == CORE for f in found):  # Run without being installed.
        found.insert(0, Found(CORE, _core_version(), "core", BUILTIN))
    wanted = {f.target for f in found if not selection.leaves_out(f)}
    # A module that is an installed plugin already would clash with itself.
    found.extend(Found(m, "", m, m, packaged=False) for m in selection.modules if m not in wanted)
    return [Plugin(f, "disabled") if selection.leaves_out(f) else load(f) for f in found]


def _core_version() -> str:
    from grasp import __version__

    return __version__
