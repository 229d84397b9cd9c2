"""Which settings of a run changed, and which of them matter."""

from __future__ import annotations

from typing import Any

import pytest

from grasp.runs.config import load_config
from grasp.runs.sameness import changed_settings


def settings(**given: Any) -> dict[str, Any]:
    return {**load_config(given).to_yaml_data(), "task": "toy"}


def test_what_changed_is_named_with_both_values() -> None:
    known = settings(cycle={"epochs": 2}, task_params={"a": {"b": 1}})
    now = settings(cycle={"epochs": 3}, task_params={"a": {"b": 1, "c": "x" * 99}})
    changed = changed_settings(known, now)
    assert changed["cycle.epochs"] == "was 2, is 3"
    assert list(changed) == ["cycle.epochs", "task_params.a.c"]
    assert len(changed["task_params.a.c"]) < 80
    assert changed_settings(known, known) == {}


@pytest.mark.parametrize(
    "free",
    [{"cycle": {"concurrency": 1}}, {"output_dir": "o"}, {"executor": "ray"},
     {"budget": {"calls": 3}}],
)  # fmt: skip
def test_what_changes_no_answer_may_change(free: dict[str, Any]) -> None:
    assert changed_settings(settings(), settings(**free)) == {}


def test_settings_an_older_release_did_not_have_had_their_defaults() -> None:
    known = settings()
    del known["judge"], known["cycle"]["curtail"]
    assert changed_settings(known, settings()) == {}
    assert list(changed_settings(known, settings(cycle={"curtail": False}))) == ["cycle.curtail"]


def test_damaged_settings_differ() -> None:
    assert "cycle" in changed_settings({**settings(), "cycle": 3}, settings())
    assert "task" in changed_settings({}, settings())
