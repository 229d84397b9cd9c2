"""Runs checks. A check is a function that yields what is broken.

Its name, with hyphens, is the check's name; the first line of its docstring is the
contract it looks after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from grasp.plugins.loading import one_line
from grasp.testing.findings import Finding, Severity

C = TypeVar("C")


class Broken(NamedTuple):
    """What a check yields; ``Finding`` tells what the fields are."""

    message: str
    remedy: str
    severity: Severity = "error"


Check = Callable[[C], Iterable[Broken]]


class Blocked(Exception):
    """What a check looks at can't be had; another check says why."""


def name_of(check: Check[C]) -> str:
    """Return the name of a check, such as ``unique-ids``."""
    name: str = getattr(check, "__name__", "")
    return name.replace("_", "-")


def run_checks(case: C, checks: Sequence[Check[C]]) -> tuple[Finding, ...]:
    """Make all checks, whatever one of them meets.

    Raises:
        Blocked: A check was blocked though nothing was found, which is a bug of the kit.
    """
    findings: list[Finding] = []
    blocked: list[str] = []
    for check in checks:
        try:
            findings.extend(Finding(name_of(check), *broken) for broken in check(case))
        except Blocked:
            blocked.append(name_of(check))
        except Exception as error:
            contract = (check.__doc__ or "").strip().partition("\n")[0]
            findings.append(
                Finding(
                    name_of(check),
                    f"it raised {one_line(error)}",
                    f"let it not raise where the contract is: {contract}",
                )
            )
    if blocked and not findings:
        raise Blocked(f"{', '.join(blocked)} could not be made, and no other check says why")
    return tuple(findings)
