"""The protocol of an episode, and what the original's defects do to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import Completion, ConfigError, ModelCall, Rollout, Usage
from grasp.runs.api import run_method
from grasp_agentbench.dbbench import prompts
from grasp_agentbench.dbbench.mysql import parse_dsn
from grasp_agentbench.dbbench.records import Record, is_change
from grasp_agentbench.dbbench.task import DBBench

from .agents import Oracle, tool


class Script:
    """Gives its completions one after another, the last one for ever."""

    identity: Mapping[str, Any] = {"backend": "script"}

    def __init__(self, *turns: tuple[Any, ...]) -> None:
        self._turns = [Completion("", Usage(calls=1), t, "tool_calls") for t in turns]
        self.sent: list[ModelCall] = []

    def complete(self, call: ModelCall) -> Completion:
        self.sent.append(call)
        return self._turns[min(len(self.sent), len(self._turns)) - 1]

    def close(self) -> None:
        return


def play(record: Record, *turns: tuple[Any, ...], **params: Any) -> tuple[Rollout, bool]:
    task = DBBench(source="synthetic", **params)
    rollout = task.rollout(record, Session(Script(*turns)).agent("rollout", "x"))
    return rollout, task.evaluate(record, rollout)


def sql(query: Any, number: int = 0) -> dict[str, Any]:
    return tool(number, "execute_sql", {"query": query})


def submit(answers: Any, number: int = 0) -> dict[str, Any]:
    return tool(number, "commit_final_answer", {"answers": answers})


@pytest.fixture
def asked(records: Mapping[str, Record]) -> Record:
    return next(r for r in records.values() if r["type"] == "other")


def told(rollout: Rollout) -> list[str]:
    return [m["content"] for m in rollout.history if m["role"] == "tool"]


def test_results_look_as_the_driver_prints_them(asked: Record) -> None:
    rollout, _ = play(asked, (sql("SELECT 'x', 1, NULL"),), (submit([]),))
    assert told(rollout) == ["[('x', 1, None)]"]
    assert (rollout.status, rollout.answer) == ("completed", "[]")


def test_long_results_are_cut(asked: Record) -> None:
    rollout, _ = play(asked, (sql("SELECT REPEAT('x', 2000)"),), (submit([]),))
    (shown,) = told(rollout)
    assert shown.endswith("[TRUNCATED]")
    assert len(shown) == 800 + len("[TRUNCATED]")


def test_all_calls_of_a_turn_are_carried_out_in_order(asked: Record) -> None:
    turn = (sql("SELECT 1"), sql("SELECT 2", 1), submit(asked["label"], 2), sql("SELECT 3", 3))
    rollout, right = play(asked, turn)
    assert told(rollout) == ["[(1,)]", "[(2,)]"]
    assert right


def test_the_first_argument_counts_whatever_its_name(asked: Record) -> None:
    rollout, right = play(
        asked,
        (tool(0, "execute_sql", {"sql": "SELECT 5", "x": 1}),),
        (tool(1, "commit_final_answer", {"final": asked["label"]}),),
    )
    assert told(rollout) == ["[(5,)]"]
    assert right


def test_calls_that_can_not_be_carried_out_are_told(asked: Record) -> None:
    turns = (
        (tool(0, "execute_sql", "{"),),
        (tool(0, "drop_everything", {}),),
        (tool(0, "execute_sql", {}),),
        (sql("SELEC 1"),),
        (submit(["x"]),),
    )
    rollout, _ = play(asked, *turns)
    unreadable, unknown, missing, error = told(rollout)
    assert (unreadable, unknown, missing) == (
        prompts.UNREADABLE,
        prompts.UNKNOWN_TOOL,
        prompts.MISSING,
    )
    assert error.startswith("1064 (42000): You have an error in your SQL syntax")


def test_rounds_are_limited(asked: Record) -> None:
    rollout, right = play(asked, ())
    assert rollout.status == "task limit reached"
    assert sum(m["role"] == "agent" for m in rollout.history) == 15
    assert rollout.history[-1]["content"] == prompts.NO_TOOL_CALL
    assert not right


@pytest.mark.parametrize("argument", ["{}", '{"answers": 7}', '["x"]', "5", "null"])
def test_a_submission_that_breaks_the_original(
    records: Mapping[str, Record], argument: str
) -> None:
    record = next(r for r in records.values() if is_change(r))
    turns = ((sql(record["label"][0]),), (tool(1, "commit_final_answer", argument),), (submit(1),))
    rollout, right = play(record, *turns, upstream_compat=True)
    assert (rollout.status, right) == ("task error", False)
    rollout, right = play(record, *turns)
    assert (rollout.status, right) == ("completed", True)


def test_the_original_reads_json_to_the_letter(asked: Record) -> None:
    for argument in ("", '{"query": "SELECT\n1"}'):
        turns = ((tool(0, "execute_sql", argument),), (submit("1"),))
        assert told(play(asked, *turns, upstream_compat=True)[0])[0] == prompts.UNREADABLE
        assert told(play(asked, *turns)[0])[0] in (prompts.MISSING, "[(1,)]")


def test_what_the_writer_is_told(records: Mapping[str, Record]) -> None:
    task, compat = DBBench(source="synthetic"), DBBench(source="synthetic", upstream_compat=True)
    change = records["dev-0"]
    assert task.ground_truth(change) == change["label"][0]
    assert compat.ground_truth(change) == change["answer_md5"]
    assert task.ground_truth(records["val-0"]) == task.ground_truth(records["test-0"]) == ""
    assert task.updater_guidance
    assert not compat.updater_guidance
    rollout, _ = play(change, (sql("SELECT nothing"),), (submit([]),))
    assert task.failure_tags(change, rollout) == [
        "type:INSERT",
        "table-differs",
        "sql-error:1054",
    ]
    assert task.metrics(change, rollout) == {"statements": 1.0, "sql_error_rate": 1.0}
    assert compat.failure_tags(change, rollout) == []


@pytest.mark.parametrize(
    "params",
    [{"backend": "oracle"}, {"backend": "mysql"}, {"source": "x"}, {"max_rounds": 0},
     {"dsn": "http://h"}, {"dsn": "mysql://h:x/"}, {"dsn": "mysql://[::1/"},
     {"dsn": "mysql://h/", "backend": "embedded"}, {"dsn": "mysql://h/", "backend": "mariadb"},
     {"sql_mode": "ANSI"}, {"statement_seconds": 0}, {"statement_seconds": 1e300}],
)  # fmt: skip
def test_bad_parameters(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        DBBench(**params)


def test_addresses_of_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYSQL_PWD", "other")
    assert parse_dsn("mysql://u@h/")["password"] == "other"
    monkeypatch.delenv("MYSQL_PWD")
    assert parse_dsn("mysql://u:p%40@h:3307/") == {
        "user": "u", "password": "p@", "host": "h", "port": 3307,
    }  # fmt: skip
    assert parse_dsn("mysql:///?unix_socket=/run/s") == {"user": "root", "unix_socket": "/run/s"}
    assert "p@" not in str(DBBench(dsn="mysql://u:p%40@h/").describe())


class Pupil(Oracle):
    """Submits sentences until a skill tells it not to; also writes the skill."""

    LESSON = "Submit the bare value."

    def complete(self, call: ModelCall) -> Completion:
        if call.schema is not None:
            wanted = next(iter(call.schema["properties"]))
            return Completion(self._written(wanted), Usage(calls=1))
        prompt = "\n".join(str(m["content"]) for m in call.messages)
        completion = super().complete(call)
        submits = completion.tool_calls[0]["function"]["name"] == "commit_final_answer"
        if submits and self.LESSON not in prompt and not is_change(self.record(call)):
            return self.calls(1, "commit_final_answer", {"answers": ["It is this."]})
        return completion

    def _written(self, wanted: str) -> str:
        if wanted != "edits":
            return json.dumps({wanted: [], "new_labels": []})
        edit = {
            "action": "ADD",
            "name": "bare-values",
            "description": "What to submit for a question.",
            "body": f"## When to use\n\nSQL questions.\n\n{self.LESSON}",
        }
        return json.dumps({"edits": [edit]})


class Short(DBBench):
    """A few samples of each split."""

    def samples(self, split: str) -> Any:
        every = super().samples(split)
        return [
            *[s for s in every if not is_change(s)][:4],
            *[s for s in every if is_change(s)][:2],
        ]


@pytest.mark.parametrize("method", ["grasp", "no-skills"])
def test_a_run(method: str, tmp_path: Path, records: Mapping[str, Record]) -> None:
    cycle = {"epochs": 1, "batch_size": 6, "candidates": 1, "probe_size": 6, "concurrency": 8}
    config = {"method": method, "cycle": {**cycle, "no_skills_baseline": True}}
    task = Short(source="synthetic")
    run_dir = tmp_path / "run"
    result = run_method(None, task, config, agent=Pupil(records), run_dir=run_dir)
    scores = result.scores()
    tests = scores["details"]["tests"]["test"]
    assert tests["no_skills"]["accuracy"] < 1
    if method == "grasp":
        assert scores["skills"] == ["bare-values"]
        assert tests["learned"]["accuracy"] == 1
