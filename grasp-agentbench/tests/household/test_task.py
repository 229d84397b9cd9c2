"""The task: its protocol, every sample solvable, the contract, whole runs."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from grasp.agents.session import Session
from grasp.contracts import Completion, ConfigError, ModelCall, Rollout, TaskError, Usage
from grasp.runs.api import run_method
from grasp.testing import check_task
from grasp_agentbench.household import prompts
from grasp_agentbench.household.data import ALFWORLD
from grasp_agentbench.household.task import AlfWorld

from .agents import Oracle, turn
from .walks import ARCHIVE, unpack

LISTS = ARCHIVE.parents[1] / "agentbench/alfworld"
SPLITS = ("dev", "val", "test")


@pytest.fixture(autouse=True)
def no_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files that a developer has change no test."""
    monkeypatch.delenv("ALFWORLD_DATA", raising=False)
    monkeypatch.setenv("GRASP_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture(scope="module")
def task() -> AlfWorld:
    return AlfWorld(source="synthetic")


def verdicts(task: AlfWorld, oracle: Oracle) -> list[bool]:
    session = Session(oracle)

    def one(sample: Any) -> bool:
        rollout = task.rollout(sample, session.agent("rollout", sample["id"]))
        return task.evaluate(sample, rollout)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, [s for split in SPLITS for s in task.samples(split)]))


def test_every_sample_can_be_solved(task: AlfWorld) -> None:
    found = verdicts(task, Oracle(task))
    assert len(found) == 70
    assert all(found)


def test_near_misses(task: AlfWorld) -> None:
    """All of it but the last step is nothing."""
    assert not any(verdicts(task, Oracle(task, skip=1)))


class Script:
    """Gives its completions one after another, the last one for ever."""

    identity = {"backend": "script"}  # noqa: RUF012

    def __init__(self, *turns: Completion) -> None:
        self._turns, self._asked = turns, 0

    def complete(self, call: ModelCall) -> Completion:
        self._asked += 1
        return self._turns[min(self._asked, len(self._turns)) - 1]

    def close(self) -> None:
        return


def play(task: AlfWorld, *turns: Completion) -> Rollout:
    return task.rollout(task.samples("dev")[0], Session(Script(*turns)).agent("rollout", "x"))


def test_what_is_said(task: AlfWorld) -> None:
    sample = task.samples("dev")[0]
    game = task.game(sample)
    rollout = play(task, *(turn(n, step) for n, step in enumerate(game.walkthrough)))
    assert (rollout.status, task.evaluate(sample, rollout)) == ("completed", True)
    system, first, _, arrival = rollout.history[:4]
    assert system["content"] == prompts.SYSTEM
    assert first["content"].startswith("Here is your task. You are in the middle of a room.")
    assert f"\nYour task is to: {game.task} AVAILABLE ACTIONS: go to " in first["content"]
    assert arrival["role"] == "tool"
    assert not arrival["content"].startswith("You arrive")
    assert " AVAILABLE ACTIONS: " in arrival["content"]
    assert task.metrics(sample, rollout) == {"steps": len(game.walkthrough)}


def test_actions_are_taken_as_the_closest_command(task: AlfWorld) -> None:
    game = task.game(task.samples("dev")[0])
    words = game.walkthrough[0].replace("go to", "  Go To the") + "\nand then"
    rollout = play(task, turn(0, words), turn(1, "sing"), turn(2, "look"))
    assert rollout.history[3]["content"].startswith(("On the", "The "))
    assert rollout.history[5]["content"].startswith("Nothing happens.")


def test_steps_are_limited(task: AlfWorld) -> None:
    sample = task.samples("dev")[0]
    turns = [turn(n, ("look", "inventory")[n % 2]) for n in range(36)]
    rollout = play(task, *turns)
    assert rollout.status == "task limit reached"
    assert sum(m["role"] == "agent" for m in rollout.history) == 35
    assert task.failure_tags(sample, rollout) == ["type:pick_and_place", "ran-out-of-steps"]


def test_three_equal_actions_end_it_from_the_fourth_step_on(task: AlfWorld) -> None:
    sample = task.samples("dev")[0]
    rollout = play(task, turn(0, "look"))
    assert (rollout.status, len(rollout.agent_actions)) == ("agent invalid action", 4)
    assert "repeated-an-action" in task.failure_tags(sample, rollout)
    two = play(task, turn(0, "inventory"), turn(1, "look"))
    assert len(two.agent_actions) == 4


def test_what_is_no_action_takes_a_step(task: AlfWorld) -> None:
    game = task.game(task.samples("dev")[0])
    silent = Completion("I'd look.", Usage(calls=1))
    steps = [turn(n, step) for n, step in enumerate(game.walkthrough)]
    rollout = play(task, silent, turn(0, 7), *steps)
    assert rollout.status == "completed"
    assert rollout.raw.steps == 2 + len(steps)
    said = [m["content"] for m in rollout.history if m["role"] in ("user", "tool")]
    assert all(said[n].startswith(prompts.NO_CALL) for n in (1, 2))
    compat = AlfWorld(source="synthetic", upstream_compat=True)
    assert play(compat, silent, *steps).status == "agent validation failed"
    assert play(compat, turn(0, 7), *steps).status == "agent invalid action"
    assert play(compat, silent).status == "task limit reached"
    sample = compat.samples("dev")[0]
    assert compat.evaluate(sample, play(compat, silent, *steps))
    assert compat.failure_tags(sample, play(compat, silent)) == []


def test_the_only_tool_may_have_any_name(task: AlfWorld) -> None:
    game = task.game(task.samples("dev")[0])
    steps = [turn(n, step, "take_action<|x|>json") for n, step in enumerate(game.walkthrough)]
    assert play(task, *steps).raw.won


def test_the_official_games(tmp_path: Path, no_own_data: Path) -> None:
    if not ARCHIVE.is_file():
        pytest.skip("the official games are not at ../shared")
    unpack(tmp_path)
    with pytest.raises(TaskError, match=r"standard\.json of agentbench-alf.* not been pulled"):
        AlfWorld(data_dir=tmp_path)
    folder = no_own_data / ALFWORLD.name
    folder.mkdir(parents=True)
    for name in ("standard.json", "dev.json"):
        shutil.copy(LISTS / name, folder)
    ALFWORLD.pull()  # Checksums hold.
    task = AlfWorld(data_dir=tmp_path, grammar="new")
    for split in SPLITS:
        published = json.loads((LISTS / f"split_{split}.json").read_text())
        found = task.samples(split)
        assert [s["id"] for s in found] == [str(p["id"]) for p in published]
        assert [s["instruction"] for s in found] == [p["description"] for p in published]
        assert [s["type"] for s in found] == [p["type"] for p in published]
    for sample in task.samples("test")[:3]:
        steps = [turn(n, step) for n, step in enumerate(task.game(sample).walkthrough)]
        rollout = task.rollout(sample, Session(Script(*steps)).agent("rollout", "x"))
        assert task.evaluate(sample, rollout)
    (folder / "dev.json").write_text("{}")
    with pytest.raises(TaskError, match="checksum is wrong") as caught:
        AlfWorld(data_dir=tmp_path)
    assert caught.value.hint == "grasp data pull agentbench-alfworld"
    next(tmp_path.rglob("game.tw-pddl")).unlink()
    with pytest.raises(TaskError, match="is not in"):
        [task.game(s) for split in SPLITS for s in task.samples(split)]


@pytest.mark.integration
def test_textworld_plays_the_task(tmp_path: Path, no_own_data: Path) -> None:
    pytest.importorskip("alfworld")
    unpack(tmp_path)
    folder = no_own_data / ALFWORLD.name
    folder.mkdir(parents=True)
    for name in ("standard.json", "dev.json"):
        shutil.copy(LISTS / name, folder)
    task = AlfWorld(data_dir=tmp_path, engine="textworld")
    sample = task.samples("test")[0]
    steps = [turn(n, step) for n, step in enumerate(task.game(sample).walkthrough)]
    rollout = task.rollout(sample, Session(Script(*steps)).agent("rollout", "x"))
    assert task.evaluate(sample, rollout)


@pytest.mark.parametrize(
    "params",
    [{"source": "x"}, {"source": "official"}, {"engine": "x"}, {"engine": "textworld"},
     {"grammar": "x"}, {"max_steps": 0}],
)  # fmt: skip
def test_bad_parameters(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        AlfWorld(**params)


def goer(call: ModelCall) -> Completion:
    """Goes to the first place it is told of, then looks around."""
    done = sum(m["role"] == "tool" for m in call.messages)
    first = next(str(m["content"]) for m in call.messages if m["role"] == "user")
    action = first.partition("AVAILABLE ACTIONS: ")[2].split("\n")[0]
    return turn(done, ("look", "inventory", action)[done % 3])


def test_the_contract() -> None:
    report = check_task("agentbench-alfworld", params={"max_steps": 5}, policy=goer, examples=4)
    assert report.findings == ()


class Pupil(Oracle):
    """Stops before the last step until a skill tells it not to; also writes the skill."""

    LESSON = "Finish the last step too."

    def complete(self, call: ModelCall) -> Completion:
        if call.schema is not None:
            wanted = next(iter(call.schema["properties"]))
            edit = {
                "action": "ADD",
                "name": "finish",
                "description": "How to end a household task.",
                "body": f"## When to use\n\nHousehold tasks.\n\n{self.LESSON}",
            }
            said = {"edits": [edit]} if wanted == "edits" else {wanted: [], "new_labels": []}
            return Completion(json.dumps(said), Usage(calls=1))
        self._skip = 0 if any(self.LESSON in str(m["content"]) for m in call.messages) else 1
        return super().complete(call)


@pytest.mark.parametrize("method", ["grasp", "no-skills"])
def test_a_run(method: str, tmp_path: Path) -> None:
    class Short(AlfWorld):
        def samples(self, split: str) -> Any:
            return super().samples(split)[:6]

    task = Short(source="synthetic", max_steps=14)
    # One at a time: the pupil's memory is of its last call.
    cycle = {"epochs": 1, "batch_size": 6, "candidates": 1, "probe_size": 6, "concurrency": 1}
    config = {"method": method, "cycle": {**cycle, "no_skills_baseline": True}}
    result = run_method(None, task, config, agent=Pupil(task), run_dir=tmp_path / "run")
    scores = result.scores()
    tests = scores["details"]["tests"]["test"]
    assert tests["no_skills"]["accuracy"] == 0
    if method == "grasp":
        assert scores["skills"] == ["finish"]
        assert tests["learned"]["accuracy"] == 1
