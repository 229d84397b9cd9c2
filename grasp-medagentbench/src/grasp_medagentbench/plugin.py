"""What this distribution registers with GRASP."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    """Register both versions of MedAgentBench, a slice of v1, and the compact quickstart task."""
    register(
        TaskSpec(
            "medagentbench",
            "grasp_medagentbench.task:MedAgentBench",
            "300 clinical tasks on patient charts behind a FHIR API.",
            data="grasp_medagentbench.data:MEDAGENTBENCH",
        )
    )
    register(
        TaskSpec(
            "medagentbench-v2",
            "grasp_medagentbench.v2.task:MedAgentBenchV2",
            "300 redesigned tasks: to order, or not to order.",
            data="grasp_medagentbench.data:MEDAGENTBENCH_V2",
        )
    )
    register(
        TaskSpec(
            "medagentbench-magnesium",
            "grasp_medagentbench.magnesium:MedAgentBenchMagnesium",
            "Last magnesium within 24 hours, 30 patients, full protocol.",
        )
    )
    register(
        TaskSpec(
            "medagentbench-quickstart",
            "grasp_medagentbench.quickstart.task:MedAgentBenchQuickstart",
            "The same question in a compact protocol for small models.",
        )
    )
