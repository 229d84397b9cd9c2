"""The estimate of a run against what runs really do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from grasp.runs.config import load_config
from grasp.runs.estimate import estimate, first_prompt

from ..toys import CYCLE, Model, Toy, run_toy


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"epochs": 3, "candidates": 2},
        {"no_gate": True},
        {"blind_select": "random"},
        {"classify": False, "diagnose": False},
        {"no_skills_baseline": False},
        {"limit": 3},
        {"epochs": 0},
    ],
)
def test_no_run_exceeds_its_bound(tmp_path: Path, changes: dict[str, Any]) -> None:
    model = Model()
    result, _ = run_toy(tmp_path / "r", model, **changes)
    task = Toy()
    task.max_turns = 1
    found = estimate(task, load_config({"cycle": {**CYCLE, **changes}}).cycle)
    done = Counter(result.usage["calls"]["by_kind"])
    for purpose in ("rollout", "validation", "test", "probe"):
        bound = found.episodes[purpose].most
        assert bound is not None
        assert done[purpose] <= bound, purpose
        if purpose != "probe" and changes.get("epochs") != 0:
            assert done[purpose] == found.episodes[purpose].expected, purpose
    assert found.calls.most is not None
    assert len(model.calls) <= found.calls.most


def test_without_a_limit_of_turns_nothing_bounds_the_calls() -> None:
    found = estimate(Toy(), load_config({}).cycle)
    assert found.calls.most is None
    assert found.usage[1] is None
    assert found.calls.expected > 0


def test_turns_and_prices() -> None:
    cycle = load_config({}).cycle
    one, five = estimate(Toy(), cycle, 1), estimate(Toy(), cycle, 5)
    writer = one.writer_calls.expected
    assert five.calls.expected - writer == 5 * (one.calls.expected - writer)
    config = load_config({"agent_params": {"prices": {"default": {"prompt": 1, "completion": 4}}}})
    facts = five.to_json(config, Model())
    usage = five.usage[0]
    cost = (usage.prompt_tokens + 4 * usage.completion_tokens) / 1e6
    assert facts["expected"]["cost"] == pytest.approx(cost, abs=1e-4)
    assert facts["most"] is None


def test_the_first_prompt_is_heard_without_asking() -> None:
    task = Toy()
    sample = task.samples("dev")[0]
    heard = first_prompt(task, sample)
    assert heard
    assert heard[0]["content"]
