"""Budgets: a run stops where it was told to, loses nothing and goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grasp.agents.budget import Budget, Limits
from grasp.agents.ledger import Ledger
from grasp.contracts import BudgetSpent, ConfigError, Usage
from grasp.runs.config import load_config
from grasp.runs.execute import _limits
from grasp.skills import load_library

from ..toys import Model, run_toy


def budget_of(**limits: Any) -> dict[str, Any]:
    return {"config": {"budget": limits}}


def decisions(result: Any) -> Any:
    return [(d["accepted"], d["candidates"]) for d in result.gate_decisions]


@pytest.mark.parametrize("calls", [0, 1, 40, 75])
def test_the_limit_of_calls_is_exact_and_the_rest_is_paid_later(tmp_path: Path, calls: int) -> None:
    whole = Model()
    expected, _ = run_toy(tmp_path / "whole", whole)
    assert len(whole.calls) > 75

    first = Model()
    result, _ = run_toy(tmp_path / "r", first, run=budget_of(calls=calls))
    assert result.stopped == f"the budget of {calls} calls is spent"
    assert len(first.calls) == calls
    assert result.summary()["stopped"]
    assert not (tmp_path / "r" / "scores.json").exists()

    second = Model()
    again = {**budget_of(calls=10_000), "resume": True}
    result, _ = run_toy(tmp_path / "r", second, run=again)
    assert result.stopped == ""
    assert len(first.calls) + len(second.calls) == len(whole.calls)
    assert decisions(result) == decisions(expected)


def test_earlier_sessions_count(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model(), run=budget_of(calls=40))
    second = Model()
    run_toy(tmp_path / "r", second, run={**budget_of(calls=50), "resume": True})
    assert len(second.calls) == 10


def test_what_was_learned_is_on_disk_when_the_run_stops(tmp_path: Path) -> None:
    _, log = run_toy(tmp_path / "whole", Model())
    accepted = next(e for e in log if e["event"] == "update" and e["accepted"])
    stops = 0
    for calls in range(20, len(Model().calls) + 200, 10):
        result, log = run_toy(tmp_path / str(calls), Model(), run=budget_of(calls=calls))
        if not result.stopped:
            break
        if any(e["event"] == "update" and e["accepted"] for e in log):
            stops += 1
            library = load_library(tmp_path / str(calls) / "skills" / "current")
            assert list(library.names) == result.summary()["skills"]
            assert library.names[0] == accepted["library"][0]["name"]
    assert stops


def test_tokens_cost_and_time() -> None:
    ledger, now = Ledger(), [0.0]

    def spent(**limits: Any) -> bool:
        try:
            Budget(Limits(**limits), ledger, lambda: now[0]).admit()
        except BudgetSpent:
            return True
        return False

    ledger.add(
        "rollout", Usage(calls=1, prompt_tokens=60, completion_tokens=40, cost=0.5), paid=True
    )
    assert [spent(tokens=t) for t in (100, 101)] == [True, False]
    assert [spent(cost=c) for c in (0.5, 0.51)] == [True, False]
    timed = Budget(Limits(seconds=5), ledger, lambda: now[0])
    timed.admit()
    now[0] = 5.0
    with pytest.raises(BudgetSpent, match="5 seconds"):
        timed.admit()


def test_a_limit_of_cost_needs_prices() -> None:
    with pytest.raises(ConfigError, match="needs prices") as caught:
        _limits(load_config({"budget": {"cost": 1}}))
    assert "prices" in caught.value.hint
    priced = {"budget": {"cost": 1}, "agent_params": {"prices": {"default": {"prompt": 1}}}}
    assert _limits(load_config(priced)).cost == 1


def test_answers_from_memory_cost_nothing(tmp_path: Path) -> None:
    model = Model()
    result, _ = run_toy(
        tmp_path / "r", model, run={"config": {"deterministic": True, "budget": {"calls": 10_000}}}
    )
    memoised = result.usage["calls"]["memoised"]
    assert memoised > 0
    exact = Model()
    result, _ = run_toy(
        tmp_path / "exact",
        exact,
        run={"config": {"deterministic": True, "budget": {"calls": len(model.calls)}}},
    )
    assert result.stopped == ""
