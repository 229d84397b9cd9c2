"""The file of a transfer: which evaluations it names, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from grasp.contracts import ConfigError, RunError
from grasp.methods.settings import CycleSettings
from grasp.plugins import load_task
from grasp.runs.backends import presets_beside
from grasp.runs.config import setting_names
from grasp.runs.foreseen import check_agent, check_settings
from grasp.runs.planned import check_lists, check_parameters, read_plan, settings_of
from grasp.runs.rundir import RunDirectory, runs_in

#: End of the names of files with one evaluation.
SUFFIX = ".transfer.json"

_UNUSED = "leave it out: nothing is learned here"
#: Settings of the loop; an evaluation has those of how many episodes are in flight.
_LOOP = setting_names(CycleSettings) - {"concurrency", "batch_concurrency"}
#: Settings that a transfer makes itself or has no use for, and what to do instead.
_OWN = {
    **{f"{section}{name}": _UNUSED for name in _LOOP for section in ("", "cycle.")},
    "writer": _UNUSED,
    "writer_params": _UNUSED,
    "skills": _UNUSED,
    "task": "name it in tasks",
    "task_params": "write task_params of the transfer: {TASK: {...}}",
    "method": "the runs say it; choose among them with methods",
    "method_params": "the runs say them",
    "agent": "name it in agents",
    "agent_preset": "name it in agents",
    "seed": "the runs say it",
    "cycle.seed": "the runs say it",
    "output_dir": "pass --out",
    "budget": "leave it out: an evaluation has no limit",
}


class TransferFile(BaseModel):
    """Which libraries act where: all combinations but those of the runs themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: tuple[str, ...] = Field(min_length=1, description="Folders of finished runs.")
    tasks: tuple[str, ...] = Field(min_length=1, description="Tasks that are acted on.")
    agents: tuple[str, ...] = Field(min_length=1, description="Presets of acting models.")
    learned_on: tuple[str, ...] = Field((), description="Only of runs on these; empty = all.")
    writers: tuple[str, ...] = Field((), description="Only of runs of these presets.")
    methods: tuple[str, ...] = Field(("grasp",), description="Only of these methods.")
    splits: tuple[str, ...] = Field(("test", "ood"), min_length=1, description="Evaluated.")
    config: dict[str, Any] = Field(default_factory=dict, description="Settings of evaluations.")
    task_params: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Parameters by task."
    )


@dataclass(frozen=True)
class Source:
    """A finished run whose library acts elsewhere."""

    folder: Path
    learned_on: str
    writer: str
    method: str
    seed: int

    @property
    def label(self) -> tuple[str, str, str, int]:
        """What tells it from other runs."""
        return self.learned_on, self.writer, self.method, self.seed


@dataclass(frozen=True)
class Step:
    """One evaluation to be made, and its file."""

    source: Source
    task: str
    agent: str
    split: str

    def file(self, out: Path) -> Path:
        """Return where its result stands."""
        s = self.source
        parts = (self.task, self.agent, "from", s.learned_on, s.writer, s.method, f"seed-{s.seed}")
        folder = out.joinpath(*(part.replace("/", "_") for part in parts))
        return folder / f"{self.split}{SUFFIX}"


def read_transfer(path: Path) -> TransferFile:
    """Read a file of transfers; what it names is made, but nothing is asked or written.

    Raises:
        ConfigError: It is missing, malformed, or has a setting that is refused or ignored.
        PluginError: It names what isn't there.
        AgentSetupError: It names a preset that isn't there.
    """
    file = read_plan(path, TransferFile)
    check_lists(path, file, "runs", "tasks", "agents", "splits")
    check_parameters(path, "task_params", file.task_params, file.tasks, "tasks")
    config = settings_of(path, file.config, _OWN)
    check_settings(config)
    for name in file.tasks:
        load_task(name, **file.task_params.get(name, {}))
    for agent in file.agents:
        check_agent(agent, config, presets_beside(path), usable=False)
    return file


def sources(file: TransferFile) -> list[Source]:
    """Return the runs whose libraries act.

    Raises:
        RunError: There is none, one is not finished, or two are alike.
    """
    folders = [folder for path in file.runs for folder in runs_in(Path(path))]
    found = [_source(folder) for folder in {f.resolve(): f for f in folders}.values()]
    wanted = [
        s
        for s in found
        if (not file.learned_on or s.learned_on in file.learned_on)
        and (not file.writers or s.writer in file.writers)
        and s.method in file.methods
    ]
    if not wanted:
        raise RunError(
            f"none of the {len(found)} runs is of these tasks, writers and methods",
            "see learned_on, writers and methods in the file",
        )
    known: dict[tuple[str, str, str, int], Path] = {}
    for source in wanted:
        other = known.setdefault(source.label, source.folder)
        if other != source.folder:  # Their results would have the same place.
            raise RunError(
                f"{other} and {source.folder} are runs of the same task, agent, method and seed",
                "name only one of them in runs",
            )
        if not RunDirectory(source.folder).finished:
            raise RunError(
                f"the run in {source.folder} is not finished", "finish it with --resume first"
            )
    return wanted


def _source(folder: Path) -> Source:
    config = RunDirectory(folder).read_config()
    task, agent, method = (str(config.get(name) or "") for name in ("task", "agent", "method"))
    cycle = config.get("cycle") or {}
    seed = cycle.get("seed", 1) if isinstance(cycle, dict) else None
    if not isinstance(seed, int):
        raise RunError(
            f"{RunDirectory(folder).config_file} has no seed in cycle",
            f"restore it, or leave {folder} out of runs",
        )
    return Source(folder, task, agent, method, seed)


def steps(file: TransferFile) -> list[Step]:
    """Return all evaluations; a task's missing splits, and where a run is at home, are left out.

    Raises:
        ConfigError: The file names a split that no task has.
        RunError: There is no run, or one is not finished.
    """
    splits = {task: _splits(file, task) for task in file.tasks}
    for split in file.splits if "splits" in file.model_fields_set else ():
        if not any(split in found for found in splits.values()):
            raise ConfigError(
                f"none of the tasks has samples in the split {split!r}", "leave it out of splits"
            )
    return [
        Step(source, task, agent, split)
        for source in sources(file)
        for task in file.tasks
        for agent in file.agents
        if (task, agent) != (source.learned_on, source.writer)
        for split in splits[task]
    ]


def _splits(file: TransferFile, name: str) -> list[str]:
    task = load_task(name, **file.task_params.get(name, {}))
    return [split for split in file.splits if task.samples(split)]
