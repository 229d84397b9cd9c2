"""The commands plugins add to ``grasp``: known from metadata alone, imported when called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from grasp.plugins.entrypoints import COMMANDS_GROUP, Found, entry_points, normal
from grasp.plugins.selection import wish

if TYPE_CHECKING:
    from grasp.contracts import PluginError


class Commands:
    """Commands of plugins, and the names they can be called by.

    Args:
        found: The commands in use.
        builtin: Names of grasp's own commands, which no plugin can take.
        off: Commands of plugins that are switched off.
    """

    def __init__(
        self, found: Sequence[Found], builtin: Collection[str], off: Sequence[Found] = ()
    ) -> None:
        self.found = tuple(found)
        self.off = tuple(off)
        self._builtin = frozenset(builtin)

    def names(self) -> dict[str, Found]:
        """Return the commands by the names that call them, sorted.

        Short where one plugin has it and no built-in does, else ``distribution/name``.
        """
        owners = self._owners()
        taken = {n for n, found in owners.items() if n in self._builtin or len(found) > 1}
        named = {_full(f) if f.entry_point in taken else f.entry_point: f for f in self.found}
        return dict(sorted(named.items()))

    def find(self, name: str) -> Found | None:
        """Return the command of a name, short or qualified; ``None`` if nobody has it.

        Raises:
            PluginError: Several plugins have it.
        """
        owner, _, short = name.rpartition("/")
        matches = [
            f
            for f in self.found
            if f.entry_point == short and (not owner or normal(owner) == f.distribution)
        ]
        if len(matches) > 1:
            raise _ambiguous(matches)
        return matches[0] if matches else None

    def clashes(self) -> list[PluginError]:
        """Return, of each name that is not its command's alone, why and how to call them."""
        from grasp.contracts import PluginError

        errors: list[PluginError] = []
        for name, owners in sorted(self._owners().items()):
            if name in self._builtin:
                who = " and ".join(f.distribution for f in owners)
                message = f"the command {name!r} of {who} is hidden by grasp's own"
                errors.append(PluginError(message, f"call it with: {_calls(owners)}"))
            elif len(owners) > 1:
                errors.append(_ambiguous(owners))
        return errors

    def _owners(self) -> dict[str, list[Found]]:
        owners: dict[str, list[Found]] = {}
        for found in self.found:
            owners.setdefault(found.entry_point, []).append(found)
        return owners


def find_commands(builtin: Collection[str]) -> Commands:
    """Find the commands of installed plugins, without those that are switched off."""
    selection = wish().selection()
    found = entry_points(COMMANDS_GROUP)
    sides: tuple[list[Found], list[Found]] = [], []
    for one in found:
        sides[selection.leaves_out(one)].append(one)
    return Commands(sides[0], builtin, sides[1])


def import_command(found: Found) -> Any:
    """Import a plugin's command.

    Raises:
        PluginError: It can't be imported, or is no click command.
    """
    import click

    from grasp.contracts import PluginError
    from grasp.plugins.versions import unfit, upgrade

    who = f"the command {found.entry_point!r} of {found.distribution}"
    if unfit(found):
        raise PluginError(f"{who} {unfit(found)}", upgrade(found))
    remedy = f"update {found.distribution}, or leave it out with --no-plugin {found.distribution}"
    module, _, path = found.target.partition(":")
    try:
        command: Any = import_module(module)
        for part in filter(None, path.split(".")):
            command = getattr(command, part)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and the like must get their remedy too.
        from grasp.plugins.loading import cause

        raise PluginError(f"{who} can't be imported ({cause(error)})", remedy) from error
    if not isinstance(command, click.Command):
        raise PluginError(f"{who} is not a click command", remedy)
    return command


def _full(found: Found) -> str:
    return f"{found.distribution}/{found.entry_point}"


def _ambiguous(owners: Sequence[Found]) -> PluginError:
    from grasp.contracts import PluginError

    who = " and ".join(f.distribution for f in owners)
    message = f"the command {owners[0].entry_point!r} is added by {who}"
    return PluginError(message, f"say which: {_calls(owners)}")


def _calls(owners: Sequence[Found]) -> str:
    return " or ".join(f"grasp {_full(f)}" for f in owners)
