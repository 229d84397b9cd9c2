"""What this distribution registers with GRASP."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    """Register FHIR-AgentBench."""
    register(
        TaskSpec(
            "fhir-agentbench",
            "grasp_fhir_agentbench.task:FhirAgentBench",
            "Questions about a patient, answered by retrieval and code over FHIR.",
            data="grasp_fhir_agentbench.data:FHIR_AGENTBENCH",
        )
    )
