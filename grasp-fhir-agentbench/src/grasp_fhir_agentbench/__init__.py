"""FHIR-AgentBench for GRASP: structured clinical questions over a FHIR store."""

from __future__ import annotations

__version__ = "0.1.0"
