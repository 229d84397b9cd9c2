"""The file of a sweep: which runs it names, each one's settings, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from grasp.contracts import ConfigError
from grasp.plugins import load_task
from grasp.runs.backends import presets_beside
from grasp.runs.config import BudgetSection, RunConfig, load_config
from grasp.runs.foreseen import check_agent, check_method, check_settings
from grasp.runs.planned import check_lists, check_parameters, read_plan, settings_of

#: Settings that a sweep makes itself, and what to do instead.
_OWN = {
    "task": "name it in tasks",
    "task_params": "write task_params of the sweep: {TASK: {...}}",
    "method": "name it in methods",
    "method_params": "write method_params of the sweep: {METHOD: {...}}",
    "agent": "name it in agents",
    "agent_preset": "name it in agents",
    "seed": "name it in seeds",
    "cycle.seed": "name it in seeds",
    "output_dir": "pass --out",
}


class SweepFile(BaseModel):
    """What a sweep runs: every combination."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: tuple[str, ...] = Field(min_length=1, description="Names of registered tasks.")
    methods: tuple[str, ...] = Field(("grasp",), min_length=1, description="Methods.")
    agents: tuple[str, ...] = Field(min_length=1, description="Presets of acting models.")
    seeds: tuple[int, ...] = Field((1,), min_length=1, description="Seeds of the loop.")
    config: dict[str, Any] = Field(default_factory=dict, description="Settings of every run.")
    task_params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by task."
    )
    method_params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by method."
    )
    budget: BudgetSection = Field(
        default_factory=BudgetSection, description="Of all runs together; calls only."
    )


@dataclass(frozen=True)
class Combination:
    """One run of a sweep."""

    task: str
    agent: str
    method: str
    seed: int

    @property
    def folder(self) -> Path:
        """Where it runs, under the sweep's folder."""
        names = (self.task, self.agent, self.method, f"seed-{self.seed}")
        return Path(*(name.replace("/", "_") for name in names))


def read_sweep(path: Path) -> SweepFile:
    """Read a sweep's file; what it names is made, but nothing is asked or written.

    Raises:
        ConfigError: It is missing, malformed, or has a setting that is refused or ignored.
        PluginError: It names what isn't there.
        AgentSetupError: It names a preset that isn't there.
    """
    file = read_plan(path, SweepFile)
    if {k for k, v in file.budget.model_dump().items() if v is not None} - {"calls"}:
        raise ConfigError(
            f"{path}: a sweep's budget counts calls only",
            "use budget.calls; a limit of each run stands in config: {budget: {...}}",
        )
    check_lists(path, file, "tasks", "methods", "agents", "seeds")
    check_parameters(path, "task_params", file.task_params, file.tasks, "tasks")
    check_parameters(path, "method_params", file.method_params, file.methods, "methods")
    check_settings(settings_of(path, file.config, _OWN))
    tasks = {name: load_task(name, **file.task_params.get(name, {})) for name in file.tasks}
    for one in combinations(file)[: len(file.methods)]:
        check_method(config_of(file, one), tasks[one.task])
    for agent in file.agents:
        check_agent(agent, load_config(file.config), presets_beside(path), usable=False)
    return file


def combinations(file: SweepFile) -> list[Combination]:
    """Return every run, so that an unfinished sweep has whole seeds first."""
    return [
        Combination(task, agent, method, seed)
        for seed in file.seeds
        for task in file.tasks
        for agent in file.agents
        for method in file.methods
    ]


def config_of(file: SweepFile, one: Combination) -> RunConfig:
    """Return the settings of one run."""
    config = load_config(
        {
            **file.config,
            "method": one.method,
            "task_params": file.task_params.get(one.task, {}),
            "method_params": file.method_params.get(one.method, {}),
        }
    )
    return config.model_copy(update={"cycle": config.cycle.model_copy(update={"seed": one.seed})})
