"""Evo-memory's updates: which rules stay, and what an episode is remembered by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grasp import Sample, load_method, run_method
from grasp.contracts import Outcome
from grasp.methods import Batch
from grasp.runs.journal import read_journal
from grasp_baselines.evo.method import EvoMemory
from grasp_baselines.evo.store import Memory, Rule

from .toy import Fees, Model

NEW = "Brand new rule that was never shown"
FULL = tuple(
    Rule(f"r{n}", f"[P1] Known rule number {n} stands", ("known",), shown=40) for n in range(25)
)


class Writer:
    """A context whose writer gives these answers, and keeps what it was asked."""

    def __init__(self, task: Fees, *answers: Any) -> None:
        self.task = task
        self.answers = [json.dumps(answer) for answer in answers]
        self.told: list[str] = []

    def sample(self, sample_id: str) -> Sample:
        return next(s for s in self.task.samples("dev") if s["id"] == sample_id)

    def writer_agent(self, purpose: str, scope: str) -> Writer:
        return self

    def inference(self, history: Sequence[Any]) -> str:
        self.told.append(str(history[-1]["content"]))
        return self.answers[len(self.told) - 1]

    def record(self, kind: str, **facts: Any) -> None: ...


def updated(
    *answers: Any, rules: tuple[Rule, ...] = FULL, task: Fees | None = None, **params: Any
) -> tuple[Memory, Writer]:
    """Return the memory after one episode, and what the writer was told."""
    writer = Writer(task or Fees(), *answers)
    method = EvoMemory({"method_params": params}, Path(), writer.task)
    method.load(Memory(rules=rules))
    outcome = Outcome("dev-1", instruction="What costs 1?", answer="ANSWER 77", ground_truth="2")
    method.learn(Batch(0, 0, (outcome,)), writer)  # type: ignore[arg-type]
    return method.state(), writer


def reflection(*guidelines: str, curate: bool = False) -> dict[str, Any]:
    return {"action_guidelines": guidelines, "should_update_semantic": curate}


def test_a_new_rule_enters_a_full_list() -> None:
    rules = updated(reflection(NEW))[0].rules
    assert len(rules) == 25
    assert rules[0].text == f"[P1] {NEW}"


def test_a_better_list_has_no_room_for_it() -> None:
    good = tuple(Rule(r.id, r.text, r.tags, shown=1, success=1) for r in FULL)
    assert {r.id for r in updated(reflection(NEW), rules=good)[0].rules} == {r.id for r in FULL}
    rules = updated(reflection(f"[P0] {NEW}"), rules=good)[0].rules
    assert rules[0].text == f"[P0] {NEW}"


def test_a_curated_list_replaces_the_old_one() -> None:
    said = [f"[P1] Curated rule number {n} stands" for n in range(30)]
    rules = updated(reflection(NEW, curate=True), {"updated_rules": said})[0].rules
    assert sorted(r.text for r in rules) == sorted(said[:25])


@pytest.mark.parametrize("most", [0, 2])
def test_tags_of_a_rule(most: int) -> None:
    rules = updated(reflection(NEW), rules=(), max_tags_per_rule=most)[0].rules
    assert rules[0].tags == ("brand", "rule")[:most]


class WithContext(Fees):
    """Says more beside its instruction, and shows writers the answer."""

    shows_reference = True

    def question_context(self, sample: Sample) -> str:
        return f"Patient of {sample['id']} is zebra."


def test_what_an_episode_is_remembered_by() -> None:
    memory, _ = updated(reflection(), task=WithContext())
    (episode,) = memory.episodes
    assert episode.task == "What costs 1?\nPatient of dev-1 is zebra.\nANSWER 77"
    assert episode.ground_truth == "2"
    (untold,) = updated(reflection())[0].episodes
    assert (untold.task, untold.ground_truth) == ("What costs 1?\nANSWER 77", "")


def test_rules_of_the_context_are_told_and_those_of_the_answer_credited() -> None:
    said = ("Patient of zebra it is", "What costs ANSWER 77 dev")
    rules = tuple(Rule(words, f"[P1] {words}", ()) for words in said)
    memory, writer = updated(reflection(), rules=rules, task=WithContext(), semantic_top_k=1)
    assert "Patient of dev-1 is zebra." in writer.told[0]
    assert [words in writer.told[0] for words in said] == [True, False]
    assert {rule.id: rule.shown for rule in memory.rules} == dict(zip(said, (0, 1), strict=True))


def test_an_artifact_without_truths_can_be_loaded(tmp_path: Path) -> None:
    run_method(load_method("evo-memory"), Fees(), {"cycle": {"epochs": 1}}, agent=Model(),
               run_dir=tmp_path / "r")  # fmt: skip
    artifact = list(read_journal(tmp_path / "r" / "journal.jsonl"))[-1]["artifact"]
    for episode in artifact["episodes"]:
        assert episode.pop("ground_truth") == ""
    method = EvoMemory({}, tmp_path, Fees())
    method.load_artifact(artifact)
    assert method.state().episodes
