"""What the kit found: values for people, for tests and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One broken contract.

    Attributes:
        check: Name of the check.
        message: What was broken, and where; one line.
        remedy: How to mend it; one line.
        severity: ``error``, or ``warning`` for what works but will hurt.
    """

    check: str
    message: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.severity} {self.check}: {self.message}\n    mend: {self.remedy}"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Report:
    """What was looked at, and what was found.

    Attributes:
        kind: ``task``, ``method``, ``agent``, ``gate`` or ``plugin``.
        name: What was checked.
        checks: Names of the checks that were made.
        findings: In the order of the checks.
    """

    kind: str
    name: str
    checks: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def ok(self) -> bool:
        """There is no error; there may be warnings."""
        return not self.errors

    def __str__(self) -> str:
        head = f"{self.kind} {self.name}: {len(self.checks)} checks, {len(self.findings)} findings"
        return "\n".join([head, *map(str, self.findings)])

    def require(self) -> Report:
        """Return the report itself.

        Raises:
            ConformanceError: It holds an error.
        """
        if not self.ok:
            raise ConformanceError(self)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "ok": self.ok,
            "checks": list(self.checks),
            "findings": [f.to_json() for f in self.findings],
        }


class ConformanceError(AssertionError):
    """Contracts are broken; the text lists every finding with its remedy."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report
