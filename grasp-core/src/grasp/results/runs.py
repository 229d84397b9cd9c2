"""Runs of this software as figures, so that they stand in the paper's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grasp.contracts import RunError
from grasp.methods.settings import CycleSettings
from grasp.results.figures import Figure
from grasp.runs.journal import read_journal
from grasp.runs.rundir import RunDirectory, find_runs, runs_in
from grasp.runs.transfer import Transferred, transfers_in

#: The paper's names of tasks.
BENCHMARKS = {
    "medagentbench": "MedAgentBench",
    "medagentbench-v2": "MedAgentBench-v2",
    "fhir-agentbench": "FHIR-AgentBench",
    "agentbench-alfworld": "alfworld",
    "agentbench-webshop": "webshop",
    "agentbench-dbbench": "dbbench",
    "agentbench-os": "os",
}

#: The paper's names of the presets' models.
MODELS = {
    "gptoss": "gpt-oss-120b",
    "deepseek": "deepseek-v4-flash",
    "gemini": "gemini-3.1-flash-lite",
    "gpt4": "gpt-4.1",
    "gpt5": "gpt-5.4-low",
}

#: Settings of the paper's ablations, by the name of its row.
ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "no_gate_k1": {"no_gate": True, "candidates": 1},
    "no_gate_k4": {"no_gate": True},
    "no_reggate": {"regression_gate": False},
    "fixes_only": {"fixes_only": True},
    "append_only": {"append_only": True},
    "no_cluster": {"cluster": False},
    "blind_proposer": {"blind_select": "proposer"},
    "blind_random": {"blind_select": "random"},
}

#: What the paper's sweeps change, by the first letters of the row's name.
SWEEPS = {
    "b": "batch_size", "n": "probe_size", "k": "candidates", "lam": "invalid_action_penalty",
}  # fmt: skip

#: What may differ between runs that stand in one row.
_FREE = frozenset({"seed", "concurrency", "curtail", "gate", "gate_params"})


def figures_of(paths: Iterable[Path]) -> list[Figure]:
    """Return the figures of finished runs.

    Args:
        paths: Folders of runs or of transfers, or folders that hold some, at any depth.

    Raises:
        RunError: There is nothing in one of them, or a run is not finished.
    """
    found: list[Figure] = []
    for path in paths:
        transfers = transfers_in(path)
        found += map(_transferred, transfers)
        # A folder may hold both: the runs of a sweep, and where their libraries went.
        for folder in find_runs(path) if transfers else runs_in(path):
            found += _figures(folder)
    return found


def _transferred(one: Transferred) -> Figure:
    benchmark, learned_on = (BENCHMARKS.get(name, name) for name in (one.task, one.learned_on))
    return Figure(
        study="transfer_model" if benchmark == learned_on else "transfer_benchmark",
        model=MODELS.get(one.agent, one.agent),
        benchmark=benchmark,
        writer=MODELS.get(one.writer, one.writer),
        learned_on=learned_on,
        method=one.method.replace("-", "_"),
        run=f"{one.seed:03}",
        split=one.split,
        stage="frozen",
        epoch=None,
        score=one.accuracy,
    )


def _figures(folder: Path) -> Iterator[Figure]:
    directory = RunDirectory(folder)
    if not directory.finished:
        raise RunError(
            f"the run in {folder} is not finished", f"grasp run … --run-dir {folder} --resume"
        )
    config = directory.read_config()
    task = str(config.get("task"))
    preset = str(config.get("agent", ""))
    model = MODELS.get(preset) or str((config.get("model") or {}).get("model") or preset)
    study, method = row(task, str(config.get("method")), config.get("cycle") or {})
    facts = {
        "study": study, "model": model, "benchmark": BENCHMARKS.get(task, task), "writer": model,
        "learned_on": BENCHMARKS.get(task, task), "method": method, "run": str(folder),
    }  # fmt: skip
    for event in read_journal(directory.journal_file):
        if event["event"] == "validation":
            base = event["epoch"] == "baseline"
            yield Figure(
                **facts,
                split="val",
                stage="no_skills" if base else "epoch",
                epoch=None if base else event["epoch"],
                score=event["accuracy"],
            )
        elif event["event"] == "test":
            stage = "best" if event["arm"] == "learned" else "no_skills"
            yield Figure(
                **facts, split=event["split"], stage=stage, epoch=None, score=event["accuracy"]
            )


def row(task: str, method: str, cycle: Mapping[str, Any]) -> tuple[str, str]:
    """Return the study and the row that a run belongs to.

    A variant the paper has no row for is named by what it changes, among the ablations.
    """
    if task.startswith("agentbench-"):
        return "nonmedical", method.replace("-", "_")
    if method != "grasp":
        return "main", method.replace("-", "_")
    published = CycleSettings().model_dump()
    changed = {
        name: cycle[name]
        for name, value in published.items()
        if name in cycle and name not in _FREE and cycle[name] != value
    }
    if cycle.get("gate", published["gate"]) != published["gate"]:
        changed["gate"] = cycle["gate"]
    if not changed:
        return "main", "grasp"
    for name, settings in ABLATIONS.items():
        if changed == settings:
            return "ablation", name
    if len(changed) == 1:
        ((setting, value),) = changed.items()
        for letters, swept in SWEEPS.items():
            if setting == swept:
                return "sensitivity", f"{letters}{value:g}"
    return "ablation", ", ".join(f"{name}={value}" for name, value in sorted(changed.items()))
