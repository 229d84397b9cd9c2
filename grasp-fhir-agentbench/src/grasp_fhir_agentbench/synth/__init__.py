"""A synthetic MIMIC-shaped hospital: tables, their FHIR resources, and questions (spec, 9).

Nothing here comes from real patients: everything follows from a seed.
"""

from __future__ import annotations

from grasp_fhir_agentbench.synth.fhir import resources
from grasp_fhir_agentbench.synth.questions import DEFAULT_SIZES, questions
from grasp_fhir_agentbench.synth.tables import Chart, charts
from grasp_fhir_agentbench.synth.vocabulary import VOCABULARIES

__all__ = ["DEFAULT_SIZES", "VOCABULARIES", "Chart", "charts", "questions", "resources"]
