"""The task ``agentbench-alfworld``: household tasks in text (spec agentbench, 4)."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from grasp.contracts import Agent, ConfigError, Rollout, Sample, Task, TaskBackend
from grasp.dialogue import is_text
from grasp_agentbench.household import prompts
from grasp_agentbench.household.data import DATA_VARIABLE, Listed, find_game, official_splits
from grasp_agentbench.household.engine import GRAMMARS, Play
from grasp_agentbench.household.episode import MAX_STEPS, Playing, Result, run_episode
from grasp_agentbench.household.game import Game, read_game
from grasp_agentbench.household.synth import synthetic_games
from grasp_agentbench.sources import official_folder

ENGINES = ("embedded", "textworld")


class AlfWorld(Task):
    """ALFWorld of AgentBench: carry out a household task, one listed action a turn.

    Args:
        source: ``official`` games (of ``data_dir``), ``synthetic`` (our own), or ``auto``:
            official if ``data_dir`` or the variable ALFWORLD_DATA names them.
        data_dir: Folder of ALFWorld's games (``json_2.1.1/valid_unseen/...`` below it).
        seed: Of the synthetic households.
        engine: ``embedded``, or ``textworld``: the real one, for official games.
        grammar: ``old`` ("put ... in/on ...", as in AgentBench) or ``new`` ("move ... to ...");
            TextWorld plays games in the grammar of their files.
        tool_calling: ``native``, or ``text`` for models whose endpoint has no tool calls.
        max_steps: Model calls of an episode.
        upstream_compat: A turn without a valid call stays in the status though the task is done
            later; the writer gets no guidance and no tags.

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The lists of official games can't be read.
    """

    name = "agentbench-alfworld"
    version: ClassVar[str] = "1"
    updater_task_family = "household tasks"
    updater_failure_examples = prompts.FAILURES

    def __init__(
        self,
        *,
        source: str = "auto",
        data_dir: str | Path | None = None,
        seed: int = 7,
        engine: str = "embedded",
        grammar: str = "old",
        tool_calling: str = "native",
        max_steps: int = MAX_STEPS,
        upstream_compat: bool = False,
    ) -> None:
        self._folder = official_folder(source, data_dir, DATA_VARIABLE, "games")
        self.source = "synthetic" if self._folder is None else "official"
        for name, value, allowed in (
            ("engine", engine, ENGINES),
            ("grammar", grammar, tuple(GRAMMARS)),
        ):
            if value not in allowed:
                raise ConfigError(f"{name} is {value!r}", f"it is one of {', '.join(allowed)}")
        if max_steps < 1:
            raise ConfigError(f"max_steps is {max_steps}", "use 1 or more")
        if engine == "textworld" and self.source == "synthetic":
            raise ConfigError("engine textworld plays official games only", "set data_dir")
        self.max_turns = self._max_steps = max_steps
        self._as_text = is_text(tool_calling)
        self._compat = bool(upstream_compat)
        self._seed, self._engine, self._grammar = seed, engine, GRAMMARS[grammar]
        # TextWorld's planner is not made for several threads.
        self._lock = threading.Lock()
        self._samples: Mapping[str, Sequence[Sample]] = (
            {s: [_told(one) for one in listed] for s, listed in official_splits().items()}
            if self.source == "official"
            else _synthetic_samples(seed)
        )
        if not self._compat:
            self.updater_guidance = prompts.GUIDANCE

    def samples(self, split: str) -> Sequence[Sample]:
        """Return the games of ``dev``, ``val`` or ``test``."""
        return self._samples.get(split, ())

    def game(self, sample: Sample) -> Game:
        """Return the game of a sample.

        Raises:
            TaskError: Its file is missing or damaged.
        """
        if self._folder is None:
            split, _, number = str(sample["id"]).partition("-")
            return synthetic_games(self._seed)[split][int(number)][1]
        return _read(self._path(sample))

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run one episode; ``raw`` is a ``Result``."""
        if self._engine == "embedded":
            return self._run(Play(self.game(sample), self._grammar), agent)
        from grasp_agentbench.household.textworld import TextWorldPlay

        with self._lock:
            return self._run(TextWorldPlay(self._path(sample)), agent)

    def _run(self, play: Playing, agent: Agent) -> Rollout:
        return run_episode(
            play, agent, as_text=self._as_text, max_steps=self._max_steps, compat=self._compat
        )

    def _path(self, sample: Sample) -> Path:
        assert self._folder is not None
        listed = Listed(str(sample["id"]), str(sample["type"]), str(sample["path"]))
        return find_game(self._folder, listed)

    def evaluate(self, sample: Sample, rollout: Rollout) -> bool:
        """Tell whether the task was done, whatever the status."""
        return isinstance(rollout.raw, Result) and rollout.raw.won

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return the kind of task and how it failed."""
        result = rollout.raw
        if self._compat or not isinstance(result, Result):
            return []
        tags = [f"type:{sample['type']}"]
        if result.repeated:
            tags.append("repeated-an-action")
        elif result.steps >= self._max_steps:
            tags.append("ran-out-of-steps")
        if result.idle:
            tags.append("actions-that-did-nothing")
        return tags

    def metrics(self, sample: Sample, rollout: Rollout) -> Mapping[str, float]:
        """Return how many steps a task that was done took."""
        result = rollout.raw
        won = isinstance(result, Result) and result.won
        return {"steps": float(result.steps)} if won else {}

    def report_group(self, sample: Sample) -> str:
        """Return the kind of task."""
        return str(sample["type"])

    def describe(self) -> dict[str, Any]:
        """Return source, engine and settings."""
        told = "\n".join(
            f"{split} {s['id']} {s['instruction']}"
            for split in self._samples
            for s in self.samples(split)
        )
        facts: dict[str, Any] = {
            "benchmark": "AgentBench ALFWorld",
            "source": self.source,
            "games_sha256": hashlib.sha256(told.encode()).hexdigest(),
            "engine": self._engine,
            "grammar": self._grammar.name if self._engine == "embedded" else "of the files",
            "tool_calling": "text" if self._as_text else "native",
            "upstream_compat": self._compat,
        }
        return facts | ({"seed": self._seed} if self.source == "synthetic" else {})

    def backends(self) -> Sequence[TaskBackend]:
        """Return the engines that can be used."""
        from grasp_agentbench.household.textworld import INSTALL

        there = all(importlib.util.find_spec(name) for name in ("alfworld", "textworld"))
        return (
            TaskBackend(
                "embedded",
                True,
                self._engine == "embedded",
                "our own engine; plays our own and the official games, everywhere",
            ),
            TaskBackend(
                "textworld",
                there,
                self._engine == "textworld",
                "the real engine, for official games; Linux and macOS",
                "" if there else INSTALL,
            ),
        )


@lru_cache(maxsize=128)
def _read(path: Path) -> Game:
    return read_game(path)


def _told(listed: Listed) -> Sample:
    return {
        "id": listed.id,
        "type": listed.type,
        "path": listed.path,
        "instruction": listed.problem,
    }


def _synthetic_samples(seed: int) -> Mapping[str, Sequence[Sample]]:
    return {
        split: [
            {
                "id": f"{split}-{n}",
                "type": kind,
                "instruction": game.task,
                "household": _fingerprint(game),
            }
            for n, (kind, game) in enumerate(games)
        ]
        for split, games in synthetic_games(seed).items()
    }


def _fingerprint(game: Game) -> str:
    """Return a short digest of a household, which tells equal tasks apart."""
    facts = sorted((name, *fact) for name, found in game.facts.items() for fact in found)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
