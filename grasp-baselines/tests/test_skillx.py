"""SkillX's updates: what is extracted, asked again, merged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grasp import load_method, run_method
from grasp.contracts import ModelCall
from grasp.runs.journal import read_journal

from .toy import Fees, Model

PLAN = "<plan># step 1: find; APIs: search api\n# step 2: add; APIs: sum api</plan>"


def option(name: str, content: str) -> dict[str, Any]:
    return {"option": "add", "skill": {"name": name, "document": "d", "content": content}}


class Two(Model):
    """Extracts a skill of this name from the first step, and of that one from the second."""

    def __init__(self, first: str, second: str, **answers: str) -> None:
        super().__init__(plan=PLAN, **answers)
        self._names = (first, second)

    def _text(self, call: ModelCall) -> str:
        for number, name in enumerate(self._names):
            if f"/step{number}/" in call.scope:
                return json.dumps([option(name, f"content {number}")])
        return super()._text(call)


def learned(folder: Path, model: Model, **params: Any) -> dict[str, Any]:
    """Return what the journal says of one update."""
    config = {"cycle": {"epochs": 1}, "method_params": params}
    run_method(load_method("skillx"), Fees(), config, agent=model, run_dir=folder)
    return next(e for e in read_journal(folder / "journal.jsonl") if e["event"] == "skillx")


def calls(model: Model, part: str) -> list[ModelCall]:
    return [call for call in model.calls if part in call.scope]


def test_skills_of_one_name_in_one_episode_are_merged(tmp_path: Path) -> None:
    model = Two("same", "same")
    update = learned(tmp_path / "r", model)
    successes = update["successful"]
    assert (update["extracted"], update["filtered"]) == (2 * successes, 2 * successes)
    assert len(calls(model, "/filter/")) == 2 * successes
    merged = str(calls(model, "/merge/")[0].messages[-1]["content"])
    assert merged.count("content 0") == merged.count("content 1") == successes


def test_writers_see_one_skill_of_a_name(tmp_path: Path) -> None:
    model = Two("same", "same")
    model.answers["plan"] = PLAN.replace("</plan>", "\n# step 3: end; APIs: x api</plan>")
    model.answers["step2"] = "[]"
    learned(tmp_path / "r", model)
    for call in calls(model, "/step2/"):
        assert str(call.messages[-1]["content"]).count("- same: d") == 1


@pytest.mark.parametrize(
    ("names", "kept"),
    [(("Get", "get"), {"Get": "content 0", "get": "content 1"}), (("a", "a"), {"a": "content 1"})],
)
def test_without_merging_only_a_skill_of_the_very_name_is_replaced(
    names: tuple[str, str], kept: dict[str, str], tmp_path: Path
) -> None:
    update = learned(tmp_path / "r", Two(*names), enable_llm_merge=False)
    assert {s["name"]: s["content"] for s in update["skills"]} == kept


@pytest.mark.parametrize(
    ("answer", "tries"), [('{"skills": []}', 2), ('[{"name": "a"}]', 2), ("[]", 1)]
)
def test_an_answer_of_another_shape_is_asked_for_again(
    answer: str, tries: int, tmp_path: Path
) -> None:
    model = Model(step=answer)
    update = learned(tmp_path / "r", model)
    assert len(calls(model, "/step0/")) == tries * update["successful"]
