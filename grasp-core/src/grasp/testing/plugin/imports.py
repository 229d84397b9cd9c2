"""The check of what a plugin costs everybody: its imports when plugins are discovered."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from grasp.testing.checks import Blocked, Broken
from grasp.testing.plugin.case import PluginCase
from grasp.testing.processes import child

#: A plugin may cost this share of what GRASP's own discovery costs on the same machine.
SHARE = 0.5

_MARK = "-- the plugin --"
_LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \| ( *)(\S+)")
_SCRIPT = """
import sys
import pluggy, grasp.plugins.resolve, grasp.plugins.hookspecs, grasp.plugins.specs
sys.stderr.write({mark!r} + "\\n")
try:
    import {module}
except BaseException:
    pass
"""


class Cost(NamedTuple):
    """What importing took.

    Attributes:
        core_ms: GRASP's own discovery.
        plugin_ms: The plugin's module, over that.
        packages: Milliseconds by top-level package, dearest first.
    """

    core_ms: float
    plugin_ms: float
    packages: tuple[tuple[str, float], ...]

    @property
    def heavy(self) -> bool:
        """The plugin costs too much."""
        return _ratio(self) > SHARE


def light_import(case: PluginCase) -> Iterator[Broken]:
    """Importing the plugin's module is cheap: every command that lists plugins pays for it."""
    module = case.target.partition(":")[0]
    if isinstance(case.holder, BaseException):
        raise Blocked
    cost = import_cost(module)
    if cost.heavy:
        dearest = ", ".join(f"{name} {ms:.0f} ms" for name, ms in cost.packages[:3])
        yield Broken(
            f"importing {module} costs {cost.plugin_ms:.0f} ms ({dearest}); all of GRASP's own "
            f"discovery costs {cost.core_ms:.0f} ms",
            "name factories by their dotted path and import in their module, not in plugin.py "
            "or the package's __init__.py",
        )


@lru_cache(maxsize=64)
def import_cost(module: str) -> Cost:
    """Measure in a fresh interpreter with ``-X importtime``; again if it looks a little heavy."""
    cost = _measured(module)
    # A busy machine makes a single import slow now and then, but hardly three times.
    if SHARE < _ratio(cost) < 4 * SHARE:
        return min(cost, _measured(module), _measured(module), key=_ratio)
    return cost


def _ratio(cost: Cost) -> float:
    return cost.plugin_ms / cost.core_ms


def _measured(module: str) -> Cost:
    done = child(
        ["-X", "importtime", "-c", _SCRIPT.format(mark=_MARK, module=module)],
        PYTHONDONTWRITEBYTECODE="",
    )
    core, _, plugin = done.stderr.partition(_MARK)
    own = _self_times(core)
    added = _self_times(plugin)
    return Cost(
        max(sum(own.values()), 1e-3),
        sum(added.values()),
        tuple(sorted(added.items(), key=lambda item: -item[1])),
    )


def _self_times(text: str) -> dict[str, float]:
    """Return milliseconds by top-level package; the interpreter's own start is left out."""
    times: dict[str, float] = defaultdict(float)
    for line in text.splitlines():
        match = _LINE.match(line)
        if match and match.group(4) not in _STARTUP:
            times[match.group(4).partition(".")[0]] += int(match.group(1)) / 1000
    return dict(times)


#: Modules that Python itself imports before the first line of a program.
_STARTUP = frozenset(sys.builtin_module_names) | {"site", "encodings", "codecs", "zipimport"}

CHECKS = (light_import,)
