"""Tells whether a version of grasp-core is one that a plugin asks for."""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"\s*(~=|===?|!=|<=|>=|<|>)\s*v?([0-9]+(?:\.[0-9]+)*)(\.\*)?")
_RELEASE = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)")


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
