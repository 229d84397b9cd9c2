"""Progress and summary: lines in a log, a moving line on a terminal."""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from grasp.agents.session import Session
from grasp.contracts import Rollout
from grasp.engine.engine import Engine
from grasp.engine.rollouts import Job
from grasp.engine.threads import ThreadExecutor
from grasp.report.html import run_page
from grasp.report.progress import RunProgress, where
from grasp.report.reasons import reasons
from grasp.report.summary import curve_table, decision, learned_skills, print_run
from grasp.report.summary import test_tables as sealed_tables
from grasp.runs.journal import read_journal

from ..toys import Model, Toy, add, run_toy


def render(*parts: object) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(*parts)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def logged(tmp_path: Path, *, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=terminal)
    with RunProgress(console) as progress:
        run_toy(tmp_path / "r", Model(), run={"listener": progress})
    return out.getvalue()


def test_a_log_gets_plain_lines(tmp_path: Path) -> None:
    text = logged(tmp_path, terminal=False)
    assert "\x1b" not in text
    for line in (
        "validation without skills: 33% (2/6)",
        "epoch 0, batch 0: dev 2/6 correct",
        "4 failures, asking for skill edits",
        "accepted ADD rule-",
        "validation after epoch 0",
        "(best so far)",
        "test (learned): 100% (6/6)",
    ):
        assert line in text, line


def test_a_terminal_gets_a_moving_line_with_calls_and_tokens(tmp_path: Path) -> None:
    text = logged(tmp_path, terminal=True)
    assert "\x1b[" in text
    assert "calls" in text
    assert "tokens" in text


class Failing(Toy):
    """Some episodes can't be run, for two reasons."""

    def rollout(self, sample: Any, agent: Any) -> Rollout:
        if sample["id"] in ("val-0", "val-1"):
            raise ValueError(f"{sample['id']} is missing")
        if sample["id"] in ("test-2", "test-3"):
            raise ValueError("broken")
        return super().rollout(sample, agent)


def test_why_episodes_could_not_be_run(tmp_path: Path) -> None:
    out = io.StringIO()
    with RunProgress(Console(file=out, width=200)) as progress:
        run_toy(tmp_path / "r", Model(), task=Failing(), run={"listener": progress})
    lines = [one for one in out.getvalue().splitlines() if " could not be run: " in one]
    assert len(lines) == 2, "each reason is told once"
    events = list(read_journal(tmp_path / "r" / "journal.jsonl"))
    found = reasons(events)
    assert [len(reason.samples) > 1 for reason in found] == [True, True]
    assert any("is missing" in reason.text for reason in found)
    console = Console(file=io.StringIO(), width=200)
    print_run(console, events)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    page = run_page(tmp_path / "r")
    for reason in found:
        assert str(reason) in shown
        assert reason.text in html.unescape(page)
    assert "could not be run" in page


def test_an_interrupt_is_told() -> None:
    out = io.StringIO()
    session = Session(Model())

    def interrupted(*args: Any) -> Any:
        args[3]()
        raise KeyboardInterrupt

    executor = ThreadExecutor(1)
    executor.map = interrupted  # type: ignore[method-assign]
    job = Job(Toy().samples("val")[0], "x", "rollout", lambda agent: agent)
    with RunProgress(Console(file=out, width=200)) as progress:
        engine = Engine(Toy(), session, executor, lambda kind, /, **facts: progress(kind, facts))
        with pytest.raises(KeyboardInterrupt):
            engine.run([job])
    assert "interrupt again to stop at once" in out.getvalue()


def test_scopes_in_words() -> None:
    assert where("e0/b1/probe") == "epoch 0, batch 1, probe"
    assert where("baseline/val") == "baseline, val"
    assert where("test/no_skills") == "test, no skills"


def test_the_summary_is_made_from_the_journal_alone(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model(lambda p, c: [add("red"), add("x", "POISON green", name="bad")]),
            max_edits_per_proposal=2)  # fmt: skip
    events = list(read_journal(tmp_path / "r" / "journal.jsonl"))
    console = Console(file=io.StringIO(), width=100)
    print_run(console, events)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "ADD bad: reject" in text
    assert "reject — it " in text
    assert "Sealed splits" in text
    assert "Learned skill: rule-red (version 1)" in text
    assert [s["name"] for s in learned_skills(events)] == ["rule-red"]


def test_a_curve_says_how_many_episodes_could_not_be_run_and_each_group() -> None:
    row = {
        "event": "validation", "epoch": 0, "accuracy": 0.5, "correct": 2, "total": 4,
        "errors": 1, "best": True, "skills": [],
        "groups": {
            "value": {"correct": 2, "total": 2}, "no value": {"correct": 0, "total": 2},
        },
    }  # fmt: skip
    text = render(curve_table([row]))
    for part in ("epoch 0 (best)", "50% (2/4)", "1 could not be run", "value", "2/2", "0/2"):
        assert part in text, part


def test_a_skipped_update_says_why() -> None:
    text = render(decision({"epoch": 1, "cycle": 0, "skipped": "nothing failed"}))
    assert "no update, nothing failed" in text


def test_an_update_without_proposals_says_so() -> None:
    text = render(decision({"epoch": 0, "cycle": 0, "accepted": None, "candidates": []}))
    assert "the writer proposed nothing" in text


def test_unusable_proposals_and_unprobed_candidates_are_told() -> None:
    text = render(
        decision(
            {
                "epoch": 0, "cycle": 0, "accepted": "ADD a",
                "candidates": [{"title": "ADD a"}],
                "proposals": [{"problems": ["the answer holds no JSON"]}],
            }
        )
    )  # fmt: skip
    assert "ADD a: not probed" in text
    assert "proposal unusable: the answer holds no JSON" in text


def test_no_tests_no_table() -> None:
    assert sealed_tables([]) == []
    assert learned_skills([]) == []
