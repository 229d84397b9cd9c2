"""Graders of answers: rules, GRASP's model judge, the benchmark's (spec fhiragent, 6)."""

from __future__ import annotations

from grasp_fhir_agentbench.grading.judges import benchmark_verdict, grasp_verdict
from grasp_fhir_agentbench.grading.rules import Tolerance, Verdict, grade

__all__ = ["Tolerance", "Verdict", "benchmark_verdict", "grade", "grasp_verdict"]
