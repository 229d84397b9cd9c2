"""What this distribution registers with GRASP."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import TaskSpec, hookimpl

#: One for each environment; its room is the module of the same name.
TASKS: tuple[TaskSpec, ...] = (
    TaskSpec(
        "agentbench-os",
        "grasp_agentbench.os_interaction.task:OsInteraction",
        "AgentBench OS: questions and changes on a Linux system, by bash.",
    ),
    TaskSpec(
        "agentbench-dbbench",
        "grasp_agentbench.dbbench.task:DBBench",
        "AgentBench DBBench: questions about a table and changes of it, by SQL.",
        requires=("dbbench",),
        data="grasp_agentbench.dbbench.data:DBBENCH",
    ),
    TaskSpec(
        "agentbench-webshop",
        "grasp_agentbench.webshop.task:WebShop",
        "AgentBench WebShop: search a shop, choose options and buy what fits.",
        requires=("webshop",),
    ),
    TaskSpec(
        "agentbench-alfworld",
        "grasp_agentbench.household.task:AlfWorld",
        "AgentBench ALFWorld: carry out household tasks in text.",
        data="grasp_agentbench.household.data:ALFWORLD",
    ),
)


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    """Register the four environments."""
    for task in TASKS:
        register(task)
