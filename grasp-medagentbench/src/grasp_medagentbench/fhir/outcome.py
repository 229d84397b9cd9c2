"""OperationOutcomes, HAPI's way of saying what went wrong or right."""

from __future__ import annotations

from typing import Any


def outcome(diagnostics: str, *, severity: str = "error", code: str = "processing") -> Any:
    """An OperationOutcome with one issue."""
    issue = {"severity": severity, "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
