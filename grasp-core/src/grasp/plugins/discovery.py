"""Finds plugins and loads each on its own: a broken one stops nothing but itself."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

import pluggy

from grasp.plugins import hookspecs
from grasp.plugins.entrypoints import (
    CORE,
    DISABLE_VARIABLE,
    GROUP,
    Found,
    disabled_names,
    entry_points,
    normal,
)
from grasp.plugins.hookspecs import PROJECT, REGISTER_HOOKS
from grasp.plugins.specs import KINDS, Spec

NO_AUTOLOAD_VARIABLE = "GRASP_DISABLE_AUTOLOAD"

PluginStatus = Literal["ok", "broken", "disabled", "incompatible"]


@dataclass
class Plugin:
    """A plugin and what became of it.

    ``error`` is one line on what is wrong, ``hint`` the remedy; both empty where
    ``status`` is ``ok`` or ``disabled``.
    """

    found: Found
    status: PluginStatus = "ok"
    error: str = ""
    hint: str = ""
    specs: list[Spec] = field(default_factory=list)
    manager: pluggy.PluginManager | None = None

    @property
    def distribution(self) -> str:
        """Name of the distribution."""
        return self.found.distribution

    def provides(self) -> dict[str, list[str]]:
        """Return the names it registers, by kind."""
        return {kind: [s.name for s in self.specs if s.kind == kind] for kind in KINDS}

    def to_json(self) -> dict[str, Any]:
        """Return the plugin as ``grasp list-plugins --json`` prints it."""
        return {
            "distribution": self.distribution,
            "version": self.found.version,
            "entry_point": self.found.entry_point,
            "status": self.status,
            "error": self.error,
            "provides": self.provides(),
        }


def discover(
    disabled: Iterable[str] = (),
    modules: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> list[Plugin]:
    """Find and load all plugins.

    Args:
        disabled: Distributions or entry points to leave out, over ``GRASP_DISABLE_PLUGINS``.
        modules: Modules to load as plugins without packaging.
        environ: Environment variables; the process's own by default.

    Returns:
        Core first, then by distribution; broken, incompatible and disabled ones included.
    """
    env = os.environ if environ is None else environ
    off = disabled_names(tuple(disabled), env.get(DISABLE_VARIABLE, ""))
    found = entry_points(GROUP)
    if not any(f.distribution == CORE for f in found):
        found.insert(0, Found(CORE, _core_version(), "core", "grasp.plugins.builtin"))
    if env.get(NO_AUTOLOAD_VARIABLE, "") not in ("", "0"):
        off |= {f.distribution for f in found if f.distribution != CORE}
    plugins = []
    for one in found:
        if {one.distribution, normal(one.entry_point)} & off:
            plugins.append(Plugin(one, "disabled"))
        else:
            plugins.append(load(one))
    plugins.extend(load(Found(m, "", m, m)) for m in modules)
    return plugins


def _core_version() -> str:
    import grasp

    return grasp.__version__


def load(found: Found) -> Plugin:
    """Import one plugin and let it register; never raises for what the plugin does."""
    plugin = Plugin(found)
    needed = found.core_requirement
    if needed and not meets(_core_version(), needed):
        plugin.status = "incompatible"
        plugin.error = f"needs grasp-core{needed}, this is {_core_version()}"
        plugin.hint = f"pip install -U {found.distribution} grasp-core"
        return plugin
    try:
        module = import_module(found.target.partition(":")[0])
        _register(plugin, module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and the like must not end the program.
        plugin.status = "broken"
        plugin.error = _cause(error)
        plugin.hint = _remedy(found, error)
        plugin.specs = []
        plugin.manager = None
    return plugin


class _Refused(Exception):
    """A plugin did something the contract forbids; the text says what and how to mend it."""


def _register(plugin: Plugin, module: ModuleType) -> None:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    known = sorted(n for n in vars(hookspecs) if n.startswith("grasp_"))
    for name, value in vars(module).items():
        if name.startswith("grasp_") and callable(value) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            did = f"; did you mean {near[0]}?" if near else ""
            raise _Refused(f"there is no hook {name}{did}")
    manager.register(module, plugin.found.entry_point)
    manager.check_pending()
    for hook, kind in REGISTER_HOOKS.items():
        getattr(manager.hook, hook)(register=_Registrar(plugin, hook, kind))
    plugin.manager = manager


class _Registrar:
    """The ``register`` argument of a hook: checks and keeps one spec."""

    def __init__(self, plugin: Plugin, hook: str, kind: type[Spec]) -> None:
        self._plugin, self._hook, self._kind = plugin, hook, kind

    def __call__(self, spec: Spec) -> None:
        if not isinstance(spec, self._kind):
            raise _Refused(
                f"{self._hook} registered {type(spec).__name__}, not {self._kind.__name__}"
            )
        if any(s.kind == spec.kind and s.name == spec.name for s in self._plugin.specs):
            raise _Refused(f"{self._hook} registered {spec.name!r} twice")
        self._plugin.specs.append(spec)


def _cause(error: BaseException) -> str:
    if isinstance(error, _Refused):
        return str(error)
    text = " ".join(str(error).split())
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r}) when imported"
    if isinstance(error, pluggy.PluginValidationError):
        return text.split("\n")[0][:300]
    return f"{type(error).__name__}: {text}"[:300]


def _remedy(found: Found, error: BaseException) -> str:
    off = f"or leave it out with --no-plugin {found.distribution}"
    if isinstance(error, ModuleNotFoundError):
        return f"pip install --force-reinstall {found.distribution}, {off}"
    return f"update {found.distribution}, {off}"


def meets(version: str, specifier: str) -> bool:
    """Tell whether a release meets a version specifier (PEP 440, releases only)."""
    return all(_meets(version, clause) for clause in specifier.split(",") if clause.strip())


def _meets(version: str, clause: str) -> bool:
    """Tell whether a release meets one clause of a version specifier (PEP 440, releases)."""
    match = re.match(r"\s*(~=|===?|!=|<=|>=|<|>)\s*v?([0-9.]+)(\.\*)?", clause)
    if not match:
        return True  # Something unusual is left to pip.
    operator, text, star = match.groups()
    have, want = list(_release(version)), list(_release(text))
    prefix = have[: len(want)] == want
    width = max(len(have), len(want))
    padded = [have + [0] * (width - len(have)), want + [0] * (width - len(want))]
    a, b = padded
    if operator == "~=":
        return a >= b and have[: len(want) - 1] == want[:-1]
    if operator in ("==", "==="):
        return prefix if star else a == b
    if operator == "!=":
        return not prefix if star else a != b
    return {"<=": a <= b, ">=": a >= b, "<": a < b, ">": a > b}[operator]


def _release(version: str) -> Iterator[int]:
    match = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    for part in (match.group(0) if match else "0").split("."):
        yield int(part)
