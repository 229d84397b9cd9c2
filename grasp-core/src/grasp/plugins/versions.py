"""Tells whether this grasp-core is one that a plugin is made for.

The hooks have no version of their own: they are grasp-core's, and a plugin says which it is
made for by the range of grasp-core that its distribution requires.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grasp.plugins.entrypoints import Found

_CLAUSE = re.compile(r"\s*(~=|===?|!=|<=|>=|<|>)\s*v?([0-9]+(?:\.[0-9]+)*)(\.\*)?")
_RELEASE = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)")


def unfit(found: Found) -> str:
    """Say which grasp-core a plugin needs and which one this is; empty if it fits."""
    from grasp import __version__

    if meets(__version__, found.core_requirement):
        return ""
    return f"needs grasp-core {found.core_requirement}, this is {__version__}"


def upgrade(found: Found) -> str:
    """Return the command that brings a plugin and grasp-core together."""
    return f"pip install --upgrade {found.distribution} grasp-core"


def meets(version: str, specifier: str) -> bool:
    """Tell whether a version meets a specifier such as ``>=0.1,<1``.

    Releases are compared as PEP 440 says; a pre-release counts as its release, so that
    ``1.0rc1`` can be tried with plugins for ``>=1.0``. What is not understood (an
    address instead of a version) is left to the installer.
    """
    return all(_meets(version, clause) for clause in specifier.split(",") if clause.strip())


def _meets(version: str, clause: str) -> bool:
    match = _CLAUSE.match(clause)
    if not match:
        return True
    operator, text, star = match.groups()
    have, want = _release(version), _release(text)
    width = max(len(have), len(want))
    a = have + [0] * (width - len(have))
    b = want + [0] * (width - len(want))
    if operator == "~=":
        return a >= b and a[: len(want) - 1] == want[:-1]
    if operator in ("==", "===", "!="):
        same = a[: len(want)] == want if star else a == b
        return same != (operator == "!=")
    return {"<=": a <= b, ">=": a >= b, "<": a < b, ">": a > b}[operator]


def _release(version: str) -> list[int]:
    match = _RELEASE.match(version)
    return [int(part) for part in match.group(1).split(".")] if match else [0]
