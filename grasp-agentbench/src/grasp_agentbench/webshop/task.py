"""The task ``agentbench-webshop``: buy what fits an instruction (spec agentbench, 3)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from grasp.contracts import Agent, ConfigError, Rollout, Sample, Task, TaskBackend
from grasp.dialogue import is_text
from grasp_agentbench.sources import official_folder
from grasp_agentbench.webshop import prompts
from grasp_agentbench.webshop.catalogue import Catalogue, Goal, read_catalogue
from grasp_agentbench.webshop.choose import (
    AUTO,
    SEARCHES,
    chosen_search,
    make_index,
    search_backends,
)
from grasp_agentbench.webshop.episode import MAX_ROUNDS, Result, run_episode
from grasp_agentbench.webshop.nouns import METHODS, load_nouns
from grasp_agentbench.webshop.search import Index
from grasp_agentbench.webshop.shop import Visit
from grasp_agentbench.webshop.synth import synthetic_catalogue

#: Names the folder with WebShop's own files.
DATA_VARIABLE = "WEBSHOP_DATA"
#: Goals that GRASP's splits are made of.
GOALS = 200
#: Remainder of a goal's index by four -> its split.
_SPLITS = {0: "dev", 1: "val", 2: "dev", 3: "test"}


class WebShop(Task):
    """WebShop of AgentBench: search, choose options, buy; the reward must be 1.

    Args:
        source: ``official`` products (of ``data_dir``), ``synthetic`` (our own), or ``auto``:
            official if ``data_dir`` or the variable WEBSHOP_DATA names them.
        data_dir: Folder with WebShop's files ``items_shuffle*.json``, ``items_ins_v2*.json`` and
            ``items_human_ins.json``.
        seed: Of the synthetic catalogue, and of prices and price limits.
        products: In the synthetic catalogue.
        search: ``bm25s``, ``sqlite-fts5``, ``lucene`` as in the original, or ``auto``: the first
            of them that is installed, but never Lucene.
        nouns: How nouns of titles are found for the reward: ``heuristic``, or ``spacy`` as in
            the original.
        tool_calling: ``native``, or ``text`` for models whose endpoint has no tool calls.
        max_rounds: Model calls of an episode.
        upstream_compat: The writer gets no guidance and no tags, as in the original. (The
            original draws prices and limits anew at each start; that is not kept, as no goal
            would be the same twice.)

    Raises:
        ConfigError: A parameter is not valid.
        TaskError: The official files can't be read.
    """

    name = "agentbench-webshop"
    version: ClassVar[str] = "1"
    updater_task_family = "web shopping"
    updater_failure_examples = prompts.FAILURES

    def __init__(
        self,
        *,
        source: str = "auto",
        data_dir: str | Path | None = None,
        seed: int = 7,
        products: int = 720,
        search: str = AUTO,
        nouns: str = "heuristic",
        tool_calling: str = "native",
        max_rounds: int = MAX_ROUNDS,
        upstream_compat: bool = False,
    ) -> None:
        folder = official_folder(source, data_dir, DATA_VARIABLE, "products")
        self.source = "synthetic" if folder is None else "official"
        if max_rounds < 1:
            raise ConfigError(f"max_rounds is {max_rounds}", "use 1 or more")
        if products < GOALS:
            raise ConfigError(f"products is {products}", f"use {GOALS} or more")
        if nouns not in METHODS:
            raise ConfigError(f"nouns is {nouns!r}", f"it is one of {', '.join(METHODS)}")
        if search not in SEARCHES:
            raise ConfigError(f"search is {search!r}", f"it is one of {', '.join(SEARCHES)}")
        self.max_turns = self._max_rounds = max_rounds
        self._as_text = is_text(tool_calling)
        self._compat = bool(upstream_compat)
        self._seed, self._search, self._nouns_method = seed, search, nouns
        self._catalogue: Catalogue = (
            synthetic_catalogue(seed, products) if folder is None else read_catalogue(folder, seed)
        )
        self._goals = self._catalogue.goals[:GOALS]
        self._nouns = load_nouns(nouns) if nouns == "heuristic" else None
        self._index: Index | None = None
        self._lock = threading.Lock()
        if not self._compat:
            self.updater_guidance = prompts.GUIDANCE

    def samples(self, split: str) -> Sequence[Sample]:
        """Return the goals of ``dev``, ``val`` or ``test``; the id is the goal's index."""
        return [
            {"id": str(n), "type": self._department(goal), "instruction": goal.instruction}
            for n, goal in enumerate(self._goals)
            if _SPLITS[n % 4] == split
        ]

    def goal(self, sample: Sample) -> Goal:
        """Return the goal of a sample."""
        return self._goals[int(sample["id"])]

    def rollout(self, sample: Sample, agent: Agent) -> Rollout:
        """Run one episode; ``raw`` is a ``Result``."""
        self.setup()
        assert self._index is not None
        assert self._nouns is not None
        visit = Visit(self._catalogue, self._index, self.goal(sample), self._nouns)
        return run_episode(visit, agent, as_text=self._as_text, max_rounds=self._max_rounds)

    def evaluate(self, sample: Sample, rollout: Rollout) -> float:
        """Return the reward: 1 passes."""
        result = rollout.raw
        bought = isinstance(result, Result) and result.reward is not None
        return result.reward.total if bought else 0.0

    def failure_tags(self, sample: Sample, rollout: Rollout) -> list[str]:
        """Return what the purchase lacks."""
        result = rollout.raw
        if self._compat or not isinstance(result, Result):
            return []
        reward = result.reward
        if reward is None:
            return ["never-bought", *([] if result.searches else ["never-searched"])]
        lacking = {
            "another-kind": reward.type_factor < 1,
            "attribute-missing": reward.attributes < 1,
            "option-missing": reward.options is not None and reward.options < 1,
            "too-expensive": not reward.price,
        }
        return [tag for tag, lacks in lacking.items() if lacks]

    def metrics(self, sample: Sample, rollout: Rollout) -> Mapping[str, float]:
        """Return the reward, whose mean is the benchmark's own measure."""
        return {"reward": self.evaluate(sample, rollout)}

    def report_group(self, sample: Sample) -> str:
        """Return the department."""
        return str(sample["type"])

    def describe(self) -> dict[str, Any]:
        """Return source, sizes and settings."""
        goals = "\n".join(f"{g.asin} {g.instruction}" for g in self._goals)
        return {
            "benchmark": "AgentBench WebShop",
            "source": self.source,
            "goals_sha256": hashlib.sha256(goals.encode()).hexdigest(),
            "products": len(self._catalogue.products),
            "search": chosen_search(self._search),
            "nouns": self._nouns_method,
            "tool_calling": "text" if self._as_text else "native",
            "upstream_compat": self._compat,
            "seed": self._seed,
        }

    def backends(self) -> Sequence[TaskBackend]:
        """Return the searches that can be used."""
        return search_backends(self._search)

    def setup(self) -> None:
        """Build the index, and load what finds nouns.

        Raises:
            PluginError: What was asked for is not installed.
        """
        with self._lock:
            if self._nouns is None:
                self._nouns = load_nouns(self._nouns_method)
            if self._index is None:
                self._index = make_index(self._catalogue.products, self._search)

    def _department(self, goal: Goal) -> str:
        return self._catalogue.by_asin[goal.asin].category
