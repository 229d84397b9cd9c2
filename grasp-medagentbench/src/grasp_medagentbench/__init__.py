"""MedAgentBench for GRASP: clinical tasks against an embedded FHIR store."""

from __future__ import annotations

__version__ = "0.1.0"
