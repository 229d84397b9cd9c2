"""The HTML page of a run: what it tells, and that no text can break it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from grasp.cli import main as root
from grasp.report.html import run_page
from grasp.report.html.page import render
from grasp.report.html.story import tell
from grasp.report.html.traces import Traces
from grasp.runs.callstore import StoredCall

from ..toys import Model, run_toy

EVIL = "</script><script>alert(1)</script> <b>\u2028 & \"quoted\" 'single'"


def pick(page: str, name: str) -> Any:
    match = re.search(rf'<script type="application/json" id="data-{name}">(.*?)</script>', page)
    assert match
    return json.loads(match[1])


def unpacked(page: str) -> Any:
    match = re.search(r'id="data-traces">([^<]*)</script>', page)
    assert match
    return json.loads(gzip.decompress(base64.b64decode(match[1])))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "a-run"
    run_toy(folder, Model(), run={"config": {"deterministic": True}})
    return folder


def test_a_page_has_everything(run: Path) -> None:
    page = run_page(run)
    for text in ("a-run", "grasp on toy", "Learning curve", "accepted ADD rule-", "on the probe",
                 "Tokens, prompt and completion", "epoch 0 (best so far)", "RULE red"):  # fmt: skip
        assert text in page, text
    episodes = pick(page, "episodes")
    splits = {
        scope.split("/")[1] for scope, *_ in episodes if not scope.startswith(("test", "ood"))
    }
    assert {"val", "b0"} <= splits
    assert {scope.split("/")[0] for scope, *_ in episodes} >= {
        "baseline",
        "e0",
        "e1",
        "test",
        "ood",
    }
    said = unpacked(page)
    # Memoised episodes have a conversation too; those of the sealed splits as well.
    assert all(there for *_, there in episodes)
    scope = episodes[0][0]
    roles = [role for role, _ in said["traces"][scope]]
    assert roles == ["user", "agent"]
    assert len(said["texts"]) == len(set(said["texts"]))


def test_it_needs_no_network(run: Path) -> None:
    page = run_page(run)
    assert not re.search(r'(src|href)="(?!#|data:,")', page)
    assert "@import" not in page
    assert "url(" not in page


def test_texts_can_not_break_the_page() -> None:
    skill = {"name": "s", "description": EVIL, "body": EVIL, "tags": [], "version": 1,
             "provenance": {"epoch": 0, "cycle": 0, "action": "ADD", "probe_score": 1.0,
                            "fixes": 1, "regressions": 0, "samples": [EVIL]}}  # fmt: skip
    events: list[dict[str, Any]] = [
        {"event": "run", "task": EVIL, "method": "grasp"},
        {"event": "batch", "epoch": 0, "cycle": 0,
         "samples": [{"id": EVIL, "correct": False, "status": EVIL, "answer": EVIL,
                      "tags": [EVIL]}]},
        {"event": "update", "epoch": 0, "cycle": 0, "accepted": EVIL, "library": [skill],
         "failures": [{"id": EVIL, "label": EVIL}], "baseline": {EVIL: False}, "winner": 0,
         "probe": {"source": EVIL, "samples": [EVIL]},
         "proposals": [{"problems": [EVIL]}],
         "candidates": [{"title": EVIL, "verdict": "accept", "reason": EVIL,
                         "edits": [{"name": EVIL, "body": EVIL, "description": EVIL}],
                         "outcomes": {EVIL: True}}]},
        {"event": "finished", "skills": [skill]},
    ]  # fmt: skip
    story = tell(events)
    calls = [StoredCall(f"e0/b0/dev/{EVIL}#0", "k", "rollout", False)]
    page = render(EVIL, story, Traces(calls, _Said()), settings=EVIL)
    assert page.count("<script") == 4
    assert page.count("</script>") == 4
    assert "<b>" not in page.replace(page[page.index("<style>") : page.index("</style>")], "")
    assert pick(page, "episodes")[0][1] == EVIL
    assert list(pick(page, "skills")) == [EVIL.strip()]
    assert EVIL in unpacked(page)["texts"]


class _Said:
    def exchange(self, key: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        return [{"role": "user", "content": EVIL}], {"text": "ok"}


def test_flips() -> None:
    event = {
        "event": "update", "epoch": 1, "cycle": 2, "accepted": None, "winner": None,
        "baseline": {"a": False, "b": True, "c": True, "d": False, "e": "error", "f": True},
        "candidates": [{"title": "ADD x", "verdict": "reject",
                        "outcomes": {"a": True, "b": False, "c": True, "d": False, "e": True}}],
    }  # fmt: skip
    (candidate,) = tell([event]).updates[0].candidates
    assert [(f.sample, f.kind) for f in candidate.flips] == [
        ("a", "fixed"), ("b", "broken"), ("c", "right"), ("d", "wrong"), ("e", "error"),
        ("f", "skipped"),
    ]  # fmt: skip
    first = candidate.flips[0]
    assert first.baseline == "e1/b2/probe/baseline/a"
    assert first.candidate == "e1/b2/probe/c0/a"


def test_versions_of_skills() -> None:
    def library(*bodies: tuple[str, int, str]) -> list[dict[str, Any]]:
        return [{"name": n, "version": v, "description": "d", "body": b} for n, v, b in bodies]

    place = {"event": "update", "cycle": 0}
    events = [
        {**place, "epoch": 0, "library": library(("a", 1, "one\ntwo"))},
        {**place, "epoch": 1, "library": library(("a", 2, "one\nthree"))},
        {**place, "epoch": 2, "library": library()},
    ]
    versions = tell(events).versions
    assert [(v.action, v.version) for v in versions] == [("ADD", 1), ("MODIFY", 2), ("REMOVE", 2)]
    assert versions[1].diff == ("  d", "  ", "  one", "- two", "+ three")
    assert versions[2].where == "epoch 2, batch 0"


def test_an_unfinished_run_and_an_empty_journal(tmp_path: Path) -> None:
    story = tell([])
    page = render("x", story, Traces((), _Said()))
    assert "unfinished" in page
    assert "No validation yet." in page


def test_a_large_run_stays_small() -> None:
    rows = [{"id": f"s{n}", "correct": n % 2 == 0, "status": "completed"} for n in range(10_000)]
    story = tell([{"event": "batch", "epoch": 0, "cycle": 0, "samples": rows}])
    calls = [
        StoredCall(f"e0/b0/dev/s{n}#0", f"k{n % 50}", "rollout", n >= 50) for n in range(10_000)
    ]

    class Long:
        def exchange(self, key: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
            return [{"role": "user", "content": key * 4000}], {"text": key}

    page = render("x", story, Traces(calls, Long()))
    assert len(page) < 2_000_000
    assert page.count("<tr>") < 100  # Rows are made when they are looked at.


def test_the_command(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    assert root._guarded(["report", str(run), "--out", str(out)]) == 0
    assert out.read_text().startswith("<!doctype html>")
    assert str(out) in capsys.readouterr().out
    assert root._guarded(["report", str(tmp_path / "none")]) != 0
    assert root._guarded(["report", str(run), "--out", str(tmp_path / "no" / "x.html")]) == 1
    assert "--out" in capsys.readouterr().err


def test_an_edit_is_shown_against_the_skill_as_it_was() -> None:
    skill = {"name": "a", "version": 1, "description": "d", "body": "one\ntwo"}
    edit = {"action": "MODIFY", "name": "a", "description": "", "body": "one\nthree"}
    first = {"event": "update", "epoch": 0, "cycle": 0, "library": [skill]}
    second = {
        "event": "update", "epoch": 0, "cycle": 1, "library": [skill],
        "candidates": [{"title": "MODIFY a", "edits": [edit]},
                       {"title": "REMOVE a", "edits": [{"action": "REMOVE", "name": "a"}]},
                       {"title": "ADD b", "edits": [{**edit, "action": "ADD", "name": "b"}]}],
    }  # fmt: skip
    modify, remove, new = (c.edits[0] for c in tell([first, second]).updates[1].candidates)
    assert modify.diff == ("  d", "  ", "  one", "- two", "+ three")
    assert all(line.startswith("- ") for line in remove.diff)
    assert (new.diff, new.body) == ((), "one\nthree")


def test_numbers_come_with_their_uncertainty(run: Path) -> None:
    page = run_page(run)
    assert "2/6 and 6/6 solved; 4 gained, 0 lost." in page
    assert "10 % to 70 %" in page  # Wilson's interval of 2 of 6.


def test_links_lead_somewhere_and_anchors_are_unique(run: Path) -> None:
    page = run_page(run)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', page)
    assert set(links) <= set(ids)
    traces = unpacked(page)["traces"]
    for scope in re.findall(r'data-trace="([^"]+)"', page):
        assert scope in traces


@pytest.mark.parametrize("length", [0, 1, 3, 5, 8])
def test_a_run_is_shown_as_far_as_it_is(run: Path, tmp_path: Path, length: int) -> None:
    (tmp_path / "config.yaml").write_text((run / "config.yaml").read_text())
    lines = (run / "journal.jsonl").read_text().splitlines(keepends=True)[:length]
    (tmp_path / "journal.jsonl").write_text("".join(lines))
    assert "· unfinished" in run_page(tmp_path)
