"""The task ``agentbench-os``: work on a machine of its own, by bash (spec agentbench, 1)."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from grasp.contracts import Agent, ConfigError, Rollout, Sample, Status, Task, TaskBackend
from grasp.dialogue import is_text
from grasp_agentbench.os_interaction import prompts
from grasp_agentbench.os_interaction.episode import (
    MAX_ROUNDS,
    SCRIPT_SECONDS,
    Result,
    Rules,
    run_episode,
)
from grasp_agentbench.os_interaction.records import Problem, Record, problem_of, read_splits
from grasp_agentbench.os_interaction.sandbox import (
    BACKENDS,
    Backend,
    Limits,
    choose,
    sandbox_backends,
)
from grasp_agentbench.os_interaction.sandbox.docker import CONTAINER_IMAGE
from grasp_agentbench.os_interaction.sandbox.image import (
    IMAGE_VARIABLE,
    Image,
    find_image,
    image_home,
)
from grasp_agentbench.os_interaction.synth import synthetic_splits
from grasp_agentbench.sources import official_folder

#: Names the folder with the official records.
DATA_VARIABLE = "AGENTBENCH_OS_DATA"
#: More of anything can't be told to the system.
_MOST = 1_000_000_000


class OsInteraction(Task):
    """AgentBench's OS: eight rounds of bash, then an answer or the word that it is done.

    Args:
        source: ``official`` records (of ``data_dir``), ``synthetic`` (our own), or ``auto``:
            official if ``data_dir`` or the variable AGENTBENCH_OS_DATA names them.
        data_dir: ``data/os_interaction`` of a clone of AgentBench.
        seed: Of the synthetic problems.
        sandbox: Where the agent's shell runs: ``userns``, ``bwrap``, ``docker``, ``tempdir`` (no
            boundary: it runs with your own rights), or ``auto``, the best that is a boundary.
        image: Root file system whose programs the machines of ``userns`` have: ``auto``, the one
            that ``grasp agentbench os-image`` made if it did; ``host``, none (the host's
            programs are shown); or the folder of one.
        container_image: Image of the containers of ``docker``.
        memory_mib: That a machine may use.
        disk_mib: That its files may use.
        processes: That it may have at a time.
        script_seconds: That one script may take.
        tool_calling: ``native``, or ``text`` for models whose endpoint has no tool calls.
        max_rounds: Model calls of an episode.
        upstream_compat: Keep the original's defects: official ids are one off, so that a sample
            runs the record before its description and those numbered 0 can't be run; a script
            that takes too long ends the episode; sizes such as ``5.6G`` can't be compared; no
            tags and no guidance for the writer.

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The official records can't be read.
    """

    name = "agentbench-os"
    version: ClassVar[str] = "1"
    updater_task_family = "work on a Linux system by bash"
    updater_failure_examples = prompts.FAILURES

    def __init__(
        self,
        *,
        source: str = "auto",
        data_dir: str | Path | None = None,
        seed: int = 7,
        sandbox: str = "auto",
        image: str | Path = "auto",
        container_image: str = CONTAINER_IMAGE,
        memory_mib: int = 1024,
        disk_mib: int = 512,
        processes: int = 256,
        script_seconds: float = SCRIPT_SECONDS,
        tool_calling: str = "native",
        max_rounds: int = MAX_ROUNDS,
        upstream_compat: bool = False,
    ) -> None:
        folder = official_folder(source, data_dir, DATA_VARIABLE, "records")
        self.source = "synthetic" if folder is None else "official"
        if sandbox not in ("auto", *BACKENDS):
            raise ConfigError(
                f"sandbox is {sandbox!r}", f"it is one of auto, {', '.join(BACKENDS)}"
            )
        numbers = {"max_rounds": max_rounds, "memory_mib": memory_mib, "disk_mib": disk_mib,
                   "processes": processes, "script_seconds": script_seconds}  # fmt: skip
        for name, value in numbers.items():
            if not 0 < value <= _MOST:
                raise ConfigError(f"{name} is {value}", f"use more than 0, at most {_MOST}")
        if not container_image or container_image.startswith("-"):
            raise ConfigError(
                f"container_image is {container_image!r}", f"name one, as {CONTAINER_IMAGE}"
            )
        self.max_turns = max_rounds
        self._compat = bool(upstream_compat)
        self._seed, self._sandbox = seed, sandbox
        self._image, self._container = _image_named(image), container_image
        self._rules = Rules(
            as_text=is_text(tool_calling),
            max_rounds=max_rounds,
            seconds=float(script_seconds),
            sound=self.source == "synthetic",
            compat=self._compat,
        )
        self._limits = Limits(memory_mib, processes, disk_mib)
        self._backend: Backend | None = None
        self._lock = threading.Lock()
        self._splits: Mapping[str, Sequence[Record]] = (
            synthetic_splits(seed) if folder is None else read_splits(folder, compat=self._compat)
        )
        self._dev = frozenset(r["id"] for r in self._splits["dev"])
        if not self._compat:
            self.updater_guidance = prompts.GUIDANCE

    def samples(self, split: str) -> Sequence[Sample]:
        """Return the problems of ``dev``, ``val`` or ``test``."""
        return self._splits.get(split, ())

    def problem(self, sample: Sample) -> Problem | None:
        """Return how a sample is prepared and checked; ``None`` if it can't be run.

        Raises:
            TaskError: A script is missing.
        """
        if sample["problem"] is None:
            return None
        scripts = Path(str(sample["scripts"])) if sample["scripts"] else None
        return problem_of(sample["problem"], scripts)

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run one episode on a machine of its own; ``raw`` is a ``Result``."""
        problem = self.problem(sample)
        if problem is None:  # The original can't start it, and counts it as wrong.
            return Rollout(status=Status.UNKNOWN.value, raw=Result(prepared=False))
        self.setup()
        assert self._backend is not None
        return run_episode(sample, problem, self._backend, agent, self._rules)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Return the verdict that was made on the machine at the end."""
        return isinstance(rollout.raw, Result) and rollout.raw.correct

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return the kind of problem and how it ended."""
        result = rollout.raw
        if self._compat or not isinstance(result, Result):
            return []
        tags = [f"type:{sample['type']}", *(f"about:{label}" for label in sample["labels"])]
        if not result.prepared:
            tags.append("machine-not-prepared")
        elif result.destroyed:
            tags.append("machine-destroyed")
        elif not result.ended:
            tags.append("never-finished")
        else:
            tags.append(f"ended-by-{result.ended}")
        return tags + (["script-timed-out"] if result.timeouts else [])

    def instruction(self, sample: Sample) -> str:
        """Return the problem."""
        return str(sample["description"])

    def ground_truth(self, sample: Sample) -> str:
        """Return the expected answer or the reference command of a dev sample."""
        if sample["id"] not in self._dev or sample["problem"] is None:
            return ""
        evaluation = sample["problem"]["evaluation"]
        match = evaluation.get("match")
        example = evaluation.get("example")
        said = match if isinstance(match, str) else example
        return str(said.get("code", "")) if isinstance(said, dict) else str(said or "")

    def describe(self) -> dict[str, Any]:
        """Return source, sandbox and settings."""
        plain = {
            split: [{**r, "scripts": ""} for r in records]
            for split, records in self._splits.items()
        }
        told = json.dumps(plain, sort_keys=True)
        backend = self._backend.name if self._backend is not None else self._sandbox
        facts: dict[str, Any] = {
            "benchmark": "AgentBench OS",
            "source": self.source,
            "records_sha256": hashlib.sha256(told.encode()).hexdigest(),
            "sandbox": backend,
            "tool_calling": "text" if self._rules.as_text else "native",
            "upstream_compat": self._compat,
        }
        if backend == "userns" and self._image is not None:
            facts["image_sha256"] = self._image.sha256
        if backend == "docker":
            facts["container_image"] = self._container
        return facts | ({"seed": self._seed} if self.source == "synthetic" else {})

    def backends(self) -> Sequence[TaskBackend]:
        """Return the sandboxes, tried on this machine."""
        return sandbox_backends(self._sandbox, self.image_root, self._container)

    @property
    def image_root(self) -> Path | None:
        """Root file system of the image; ``None`` if machines show the host's programs."""
        return None if self._image is None else self._image.root

    def setup(self) -> None:
        """Choose the sandbox and try it.

        Raises:
            TaskError: It doesn't work here.
        """
        with self._lock:
            if self._backend is None:
                self._backend = choose(
                    self._sandbox, self._limits, self.image_root, self._container
                )


def _image_named(image: str | Path) -> Image | None:
    if str(image) == "host":
        return None
    if str(image) == "auto":
        return find_image(image_home())
    found = find_image(Path(image).expanduser())
    if found is None:
        raise ConfigError(
            f"{image} is no image of this user's",
            f"make one: {IMAGE_VARIABLE}={image} grasp agentbench os-image",
        )
    return found
