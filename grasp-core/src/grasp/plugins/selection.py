"""Which plugins are wanted: what the command line and the environment say about them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from grasp.plugins.entrypoints import CORE, Found, normal

DISABLE_VARIABLE = "GRASP_DISABLE_PLUGINS"
NO_AUTOLOAD_VARIABLE = "GRASP_DISABLE_AUTOLOAD"


class Selection(NamedTuple):
    """Which plugins to leave out, and which modules to load besides.

    ``disabled`` holds distributions and entry points in their normal form.
    """

    disabled: frozenset[str] = frozenset()
    modules: tuple[str, ...] = ()
    autoload: bool = True

    def leaves_out(self, found: Found) -> bool:
        """Tell whether a plugin or command is switched off."""
        if self.disabled & {normal(found.distribution), normal(found.entry_point)}:
            return True
        return found.packaged and found.distribution != CORE and not self.autoload

    def unknown(self, found: Iterable[Found]) -> dict[str, str]:
        """Return the names to leave out that no plugin has, each with the remedy.

        Args:
            found: Everything that could be left out: plugins and commands.
        """
        known = {CORE: None, **dict.fromkeys(self.modules)}
        for one in found:
            known |= {one.distribution: None, one.entry_point: None}
        strange = sorted(self.disabled - {normal(name) for name in known})
        if not strange:
            return {}
        from grasp.plugins.nearest import hint

        return {name: hint(name, known) for name in strange}


def select(
    disabled: Iterable[str] = (),
    modules: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Selection:
    """Combine what is asked for with what the environment says.

    Args:
        disabled: Distributions or entry points to leave out, over
            ``GRASP_DISABLE_PLUGINS``.
        modules: Modules to load as plugins without packaging.
        environ: Environment variables; the process's own by default.
    """
    env = os.environ if environ is None else environ
    names = (*env.get(DISABLE_VARIABLE, "").split(","), *disabled)
    return Selection(
        frozenset(normal(n) for n in names if n.strip()),
        tuple(dict.fromkeys(modules)),
        env.get(NO_AUTOLOAD_VARIABLE, "") in ("", "0"),
    )


class Wish(NamedTuple):
    """What this process was told on its command line; compared by identity."""

    disabled: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    def selection(self) -> Selection:
        """Combine it with the environment of this moment."""
        return select(self.disabled, self.modules)


class _Process:
    """The wish that holds in this process."""

    wish = Wish()


def configure(disabled: Iterable[str] = (), modules: Iterable[str] = ()) -> Wish:
    """Say what to leave out and what to load besides.

    Plugins that were loaded before are forgotten: the next use of the registry finds
    them anew.

    Returns:
        The wish that held before, for ``restore``.
    """
    return restore(Wish(tuple(disabled), tuple(modules)))


def restore(wish: Wish) -> Wish:
    """Make a wish the one that holds; returns the one that held before."""
    before, _Process.wish = _Process.wish, wish
    return before


def wish() -> Wish:
    """Return the wish that holds."""
    return _Process.wish
