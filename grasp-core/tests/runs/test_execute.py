"""Runs from start to end: interrupted, resumed, replayed, on a full disk, as in the docs."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

import grasp.runs.execute as execute_module
import grasp.runs.keeper as keeper_module
from grasp import Method, Rollout, Task, run_grasp, run_method
from grasp.agent import build_agent
from grasp.agents.recorded import RecordedBackend, read_record
from grasp.contracts import (
    AgentSetupError,
    ConfigError,
    EndpointError,
    ModelCall,
    PluginError,
    RunError,
    Sample,
    TaskError,
)
from grasp.methods.grasp.prompts import read_edits
from grasp.runs.config import load_config
from grasp.runs.evaluate import evaluate
from grasp.runs.record import record_run
from grasp.runs.replay import replay
from grasp.skills import SkillLibrary, load_library

from ..endpoint import Endpoint, serve
from ..toys import CYCLE, KINDS, Model, Toy, add, events, journal, run_toy


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with serve(Endpoint()) as made:
        monkeypatch.setenv("OPENAI_BASE_URL", made.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
        monkeypatch.setenv("GRASP_MODEL", "toy")
        monkeypatch.delenv("GRASP_BACKEND", raising=False)
        yield made


def decisions(run_dir: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in e.items() if k != "time"} for e in journal(run_dir)]


def facts(summary: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in summary.items() if k not in ("run_dir", "wall_s", "calls")}


# -- as the original documents it ------------------------------------------------------------


class MyTask(Task):
    updater_task_family = "toy words"

    def samples(self, split: str) -> list[dict[str, Any]]:
        return [dict(s) for s in Toy().samples(split)]

    def rollout(self, sample: Any, agent: Any) -> Rollout:
        history = [{"role": "user", "content": sample["instruction"]}]
        reply = agent.inference(history)
        history.append({"role": "agent", "content": reply})
        return Rollout(
            history=history,
            agent_actions=[reply],
            answer=reply.removeprefix("SAY "),
            status="completed",
            raw={"reply": reply},
        )

    def evaluate(self, sample: Any, rollout: Rollout) -> bool:
        assert rollout.raw["reply"]
        return rollout.answer == sample["answer"]


CONFIG = """
agent_preset: local
agent_temperature: 0.0
output_dir: outputs/runs
skills:
  base_dir: skills
cycle:
  epochs: 2
  update_every: 6
  batch_concurrency: 4
  max_proposals: 1
  max_learned_skills: 10
  grpo_k: 2
  grpo_eval_n: 6
  run_baseline: true
  proposal_temperature: 0.7
  seed: 1
"""


def test_the_example_of_the_originals_documentation(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(CONFIG)
    result = run_grasp(MyTask(), "config.yaml", agent="local")
    summary = result.summary()
    assert summary["baseline_val"] == pytest.approx(1 / 3)
    assert summary["best_val"] == 1.0
    assert result.run_dir.parent == Path("outputs/runs")
    assert result.run_dir.name.startswith("MyTask-grasp-")
    assert json.loads((result.run_dir / "scores.json").read_text())["best_val"] == 1.0
    temperatures = {b["temperature"] for b in endpoint.bodies if "response_format" in b}
    assert temperatures == {0.0, 0.7}  # analyst and proposer
    assert {b["temperature"] for b in endpoint.bodies if "response_format" not in b} == {0.0}
    # No key anywhere on disk.
    for path in result.run_dir.rglob("*"):
        if path.is_file():
            assert b"very-secret" not in path.read_bytes()
    # And again from its own answers, though the proposer had another temperature.
    asked = endpoint.total
    again = replay(result.run_dir, lambda name, **_: MyTask())
    assert again.same_library
    assert again.same_scores
    assert endpoint.total == asked
    # Resuming without a name finds the newest run of this task.
    resumed = run_grasp(MyTask(), "config.yaml", agent="local", resume=True)
    assert resumed.run_dir == result.run_dir
    assert facts(resumed.summary()) == facts(summary)
    assert endpoint.total == asked
    assert resumed.summary()["calls"]["cached"] == summary["calls"]["total"]


def test_a_free_form_method(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(CONFIG)
    seen: dict[str, Any] = {}

    class Mine(Method):
        def run(self) -> Any:
            seen["epochs"] = self.config["cycle"]["epochs"]
            # One interrupt stops all three models of a run.
            acting = self.context.engine.session
            assert self.context.analyst.cancelled is acting.cancelled
            assert self.context.writer.cancelled is acting.cancelled
            seen["k"] = (self.config["cycle"]["grpo_k"], self.config["cycle"]["candidates"])
            agent = build_agent(self.config["agent"])
            other = build_agent(self.config["agent"])
            sample = self.task.samples("val")[2]
            seen["solved"] = self.task.evaluate(sample, self.task.rollout(sample, agent))
            self.task.rollout(sample, other)
            (self.run_dir / "mine.txt").write_text("x")
            return {"own": 1}

    result = run_method(Mine, MyTask(), "config.yaml", agent="local")
    assert seen == {"epochs": 2, "k": (2, 2), "solved": True}
    assert result.learning is None
    assert (result.run_dir / "mine.txt").exists()
    assert result.run_dir.name.startswith("MyTask-Mine-")
    assert result.summary()["calls"]["total"] == 2
    assert result.summary()["skills"] == []
    asked = endpoint.total
    assert asked == 2
    run_method(Mine, MyTask(), "config.yaml", agent="local", run_dir=result.run_dir, resume=True)
    assert endpoint.total == asked  # its calls are stored like all others


def test_an_agent_outside_of_a_run(endpoint: Endpoint) -> None:
    agent = build_agent({"preset": "local"})
    item = [{"role": "user", "content": "green item val 2: say the word"}]
    assert agent.inference(item) == "SAY green-word"


def test_any_object_with_inference_is_an_agent(tmp_path: Path) -> None:
    class Always:
        def inference(self, history: Sequence[Any]) -> str:
            return "SAY green-word"

    result, _ = run_toy(tmp_path / "r", Always(), epochs=1)
    assert result.summary()["baseline_val"] == pytest.approx(1 / 3)
    assert result.summary()["skills"] == []


# -- interrupted and resumed -------------------------------------------------------------------


@pytest.mark.parametrize("how", [AgentSetupError("key revoked"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", [1, 7, 20, 33, 45, 60, 80])
def test_stopped_at_any_call_and_resumed(tmp_path: Path, at: int, how: BaseException) -> None:
    whole = Model(noise=15)
    run_toy(tmp_path / "whole", whole)
    assert len(whole.calls) > 80
    model = Model(noise=15)

    def fault(call: ModelCall) -> None:
        if len(model.calls) == at:
            raise how

    model.fault = fault
    with pytest.raises(type(how)):
        run_toy(tmp_path / "r", model, concurrency=1)
    assert len(model.calls) == at
    again = Model(noise=15)
    run_toy(tmp_path / "r", again, run={"resume": True})
    assert decisions(tmp_path / "r") == decisions(tmp_path / "whole")
    assert len(again.calls) == len(whole.calls) - (at - 1)
    assert load_library(tmp_path / "r" / "skills" / "final") == load_library(
        tmp_path / "whole" / "skills" / "final"
    )


def test_resuming_a_finished_run_pays_nothing_and_repeats_no_record(tmp_path: Path) -> None:
    result, _ = run_toy(tmp_path / "r", Model())
    before = (tmp_path / "r" / "journal.jsonl").read_bytes()
    again = Model()
    resumed, _ = run_toy(tmp_path / "r", again, run={"resume": True})
    assert again.calls == []
    assert facts(resumed.summary()) == facts(result.summary())
    assert (tmp_path / "r" / "journal.jsonl").read_bytes() == before


def test_an_endpoint_that_dies_and_comes_back(tmp_path: Path) -> None:
    model = Model()

    def fault(call: ModelCall) -> None:
        if any(c.scope.startswith("e0/b1/") for c in model.calls):
            raise EndpointError("connection refused")

    model.fault = fault
    with pytest.raises(EndpointError, match="in a row could not be run"):
        run_toy(tmp_path / "r", model)
    again = Model()
    run_toy(tmp_path / "r", again, run={"resume": True})
    run_toy(tmp_path / "whole", Model())
    # No fault of the dying endpoint became part of the run's history.
    assert decisions(tmp_path / "r") == decisions(tmp_path / "whole")


def test_faults_that_are_history_stay_so(tmp_path: Path) -> None:
    def flaky(model: Model) -> Model:
        def fault(call: ModelCall) -> None:
            if "/dev-4#" in call.scope or "/propose/1" in call.scope:
                raise EndpointError("busy", kind="server")
            if len(model.calls) > 60:
                raise AgentSetupError("key revoked")

        model.fault = fault
        return model

    with pytest.raises(AgentSetupError):
        run_toy(tmp_path / "r", flaky(Model()))
    before = decisions(tmp_path / "r")
    run_toy(tmp_path / "r", Model(), run={"resume": True})
    assert decisions(tmp_path / "r")[: len(before)] == before
    assert not (tmp_path / "r" / "journal.superseded.jsonl").exists()
    asked: list[str] = []

    def load(name: str, **_: Any) -> Task:
        asked.append(name)
        return Toy()

    again = replay(tmp_path / "r", load)
    assert again.same_library
    assert again.same_scores
    assert asked == ["toy"]


def test_settings_may_not_change_on_the_way(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model())
    with pytest.raises(ConfigError, match=r"cycle\.probe_size, cycle\.seed"):
        run_toy(tmp_path / "r", Model(), run={"resume": True}, seed=2, probe_size=8)

    class Other(Model):
        @property
        def identity(self) -> Any:
            return {**super().identity, "model": "another"}

    with pytest.raises(ConfigError, match=r"model\.model"):
        run_toy(tmp_path / "r", Other(), run={"resume": True})
    # These change no answer.
    run_toy(
        tmp_path / "r", Model(), concurrency=1,
        run={"resume": True, "config": {"output_dir": "elsewhere"}},
    )  # fmt: skip


def test_started_twice_resumed_nowhere_and_forced(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model())
    with pytest.raises(RunError, match="holds a finished run"):
        run_toy(tmp_path / "r", Model())
    with pytest.raises(RunError, match="no run to resume"):
        run_toy(tmp_path / "none", Model(), run={"resume": True})
    model = Model(lambda p, c: [])
    result, log = run_toy(tmp_path / "r", model, run={"force": True}, seed=5)
    assert model.calls
    assert result.summary()["skills"] == []
    assert not list((tmp_path / "r" / "skills" / "final").iterdir())
    assert not (tmp_path / "r" / "skills" / "history").exists()
    assert len(events(log, "run")) == 1


# -- replay ------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [{}, {"deterministic": True}])
def test_a_replay_comes_to_the_same_end(tmp_path: Path, config: dict[str, Any]) -> None:
    result, _ = run_toy(tmp_path / "r", Model(noise=15), run={"config": config})
    again = replay(tmp_path / "r", lambda name, **_: Toy(), tmp_path / "again")
    assert again.same_library
    assert again.same_scores
    mine, other = decisions(tmp_path / "r"), decisions(tmp_path / "again")
    assert mine == other
    assert facts(again.result.summary()) == facts(result.summary())


def test_a_replay_of_another_task_says_where_it_differs(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model())
    with pytest.raises(AgentSetupError, match="not in the record"):
        replay(tmp_path / "r", lambda name, **_: Toy(("black", "white")))


def test_a_replay_without_its_answers_says_what_it_needs(tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model())
    (tmp_path / "r" / "calls.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(RunError, match="can't read the answers in") as caught:
        replay(tmp_path / "r", lambda name, **_: Toy())
    assert "restore it" in caught.value.hint


def test_only_finished_runs_are_replayed(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run in"):
        replay(tmp_path / "none", None)
    model = Model()

    def fault(call: ModelCall) -> None:
        raise AgentSetupError("x")

    model.fault = fault
    with pytest.raises(AgentSetupError):
        run_toy(tmp_path / "r", model)
    with pytest.raises(RunError, match="not finished"):
        replay(tmp_path / "r", None)


# -- the full disk ------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [40_000, 90_000, 200_000])
def test_a_full_disk_ends_with_one_clear_error_and_resumes(tmp_path: Path, limit: int) -> None:
    """The process may write no file larger than the limit, as on a disk without space."""
    run_toy(tmp_path / "whole", Model())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    model = Model()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(RunError) as caught:
            run_toy(tmp_path / "r", model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith("can't ")
    assert caught.value.hint
    again = Model()
    run_toy(tmp_path / "r", again, run={"resume": True})
    assert decisions(tmp_path / "r") == decisions(tmp_path / "whole")
    # Nothing was lost but what could not be written: at most what was in flight.
    paid = len(model.calls) + len(again.calls)
    assert paid <= len(Model().calls) + len_of(tmp_path / "whole") + CYCLE["concurrency"]


def len_of(run_dir: Path) -> int:
    return int(json.loads((run_dir / "scores.json").read_text())["calls"]["total"])


@pytest.mark.parametrize("step", range(7))
def test_no_space_for_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Whichever write fails: one clear error, and resuming comes to the same end."""
    run_toy(tmp_path / "whole", Model())
    writes = 0
    save, archive = execute_module.save_library, keeper_module.LibraryKeeper._archive

    def count() -> None:
        nonlocal writes
        writes += 1
        if writes == step + 1:
            raise OSError(28, "No space left on device")

    def saving(*given: Any) -> None:
        count()
        save(*given)

    def archiving(*given: Any) -> None:
        count()
        archive(*given)

    monkeypatch.setattr(execute_module, "save_library", saving)
    monkeypatch.setattr(keeper_module, "save_library", saving)
    monkeypatch.setattr(keeper_module.LibraryKeeper, "_archive", archiving)
    if step < 6:
        with pytest.raises(RunError, match="No space left") as caught:
            run_toy(tmp_path / "r", Model())
        assert "--resume" in caught.value.hint
    else:
        run_toy(tmp_path / "r", Model())
        assert writes == 6  # two accepted edits twice (history, current), one best, one final
    monkeypatch.undo()
    run_toy(tmp_path / "r", Model(), run={"resume": True})
    assert decisions(tmp_path / "r") == decisions(tmp_path / "whole")
    assert load_library(tmp_path / "r" / "skills" / "final").names


# -- before anything is spent ---------------------------------------------------------------------


def test_an_endpoint_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    with pytest.raises(EndpointError, match=f"no answer from the endpoint http://127.0.0.1:{port}"):
        run_grasp(Toy(), {}, agent="local", run_dir=tmp_path / "r")


class Fussy(Method):
    """Has one parameter; ``asked`` makes it ask its agent while it is made."""

    asked = False

    def __init__(self, config: Any, run_dir: Path, task: Task) -> None:
        super().__init__(config, run_dir, task)
        if self.asked:
            build_agent(config["agent"]).inference([{"role": "user", "content": "red item x 1: "
                                                     "say the word"}])  # fmt: skip
        if config["method_params"] != {"right": 1}:
            raise ConfigError("method_params.right is missing", "give it")

    def run(self) -> Any:
        return None


def test_a_refused_method_leaves_nothing_that_bars_the_mended_one(tmp_path: Path) -> None:
    run = tmp_path / "r"
    with pytest.raises(ConfigError, match="right is missing"):
        run_method(Fussy, Toy(), {}, agent=Model(), run_dir=run)
    assert not run.exists()
    run_method(Fussy, Toy(), {"method_params": {"right": 1}}, agent=Model(), run_dir=run)
    before = (run / "config.yaml").read_bytes()
    with pytest.raises(ConfigError, match=r"other settings: method_params\.right$"):
        run_method(Fussy, Toy(), {}, agent=Model(), run_dir=run, resume=True)
    assert (run / "config.yaml").read_bytes() == before
    assert (run / "calls.sqlite").exists()


def test_a_method_may_ask_while_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fussy, "asked", True)
    model = Model()
    result = run_method(
        Fussy, Toy(), {"method_params": {"right": 1}}, agent=model, run_dir=tmp_path / "r"
    )
    assert result.summary()["calls"]["total"] == len(model.calls) == 1


@pytest.mark.parametrize("cycle", [{"gate": "papr"}, {"gate_params": {"no_such": 1}}])
def test_a_refused_gate_or_budget_leaves_nothing(tmp_path: Path, cycle: dict[str, Any]) -> None:
    with pytest.raises((ConfigError, PluginError)):
        run_toy(tmp_path / "r", Model(), **cycle)
    with pytest.raises(ConfigError, match="needs prices"):
        run_toy(tmp_path / "r", Model(), run={"config": {"budget": {"cost": 1}}})
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("method", ["grasp", "no-skills"])
def test_parameters_for_a_method_without_any(tmp_path: Path, method: str) -> None:
    config = {"method": method, "method_params": {"max_rules": 3}}
    with pytest.raises(ConfigError, match=f"{method}' has no parameter 'max_rules'") as caught:
        run_grasp(Toy(), config, agent=Model(), run_dir=tmp_path / "r")
    assert "none" in caught.value.hint
    assert not (tmp_path / "r").exists()


def test_bad_samples_are_refused_at_once(tmp_path: Path) -> None:
    class Bad(Toy):
        rows: list[dict[str, Any]] = []  # noqa: RUF012

        def samples(self, split: str) -> Sequence[Sample]:
            return self.rows if split == "dev" else super().samples(split)

    model, task = Model(), Bad()
    task.rows = [{"id": "val-0"}]
    with pytest.raises(TaskError, match="'val-0' is in the splits 'dev' and 'val'"):
        run_toy(tmp_path / "a", model, task)
    task.rows = [{"name": "x"}]
    with pytest.raises(TaskError, match="has no 'id'"):
        run_toy(tmp_path / "b", model, task)
    task.rows = [{"id": 1}, {"id": "1"}]
    with pytest.raises(TaskError, match="two samples of the split 'dev' have the id"):
        run_toy(tmp_path / "c", model, task)
    assert model.calls == []


def test_the_task_is_set_up_before_and_closed_after_whatever_happens(tmp_path: Path) -> None:
    order: list[str] = []

    class Watched(Toy):
        def setup(self) -> None:
            order.append("setup")

        def close(self) -> None:
            order.append("close")

        def rollout(self, sample: Sample, agent: Any) -> Rollout:
            if order[-1] != "rollout":
                order.append("rollout")
            return super().rollout(sample, agent)

    run_toy(tmp_path / "a", Model(), Watched(), epochs=0)
    assert order == ["setup", "rollout", "close"]
    order.clear()
    with pytest.raises(TaskError):
        run_toy(tmp_path / "b", Model(), Watched(KINDS, val=0))
    assert order == ["setup", "close"]


def test_what_a_run_leaves_behind(tmp_path: Path) -> None:
    heard: list[str] = []
    result, log = run_toy(
        tmp_path / "r", Model(), run={"listener": lambda kind, facts: heard.append(kind)}
    )
    files = {p.name for p in (tmp_path / "r").iterdir()}
    assert files == {
        "config.yaml",
        "journal.jsonl",
        "calls.sqlite",
        "scores.json",
        "skills",
        "lock",
    }
    config = yaml.safe_load((tmp_path / "r" / "config.yaml").read_text())
    assert config["task"] == "toy"
    assert config["model"]["model"] == "toy"
    assert config["cycle"]["batch_size"] == CYCLE["batch_size"]
    scores = json.loads((tmp_path / "r" / "scores.json").read_text())
    assert facts(scores) == {**facts(result.summary()), "details": scores["details"]}
    assert scores["details"]["best_val"] == {
        "accuracy": 1.0, "correct": 6, "total": 6, "errors": 0,
    }  # fmt: skip
    assert scores["details"]["tests"]["test"]["learned"]["total"] == 6
    assert heard[0] == "run_started"
    assert heard[-1] == "run_finished"
    assert [k for k in heard if k in {e["event"] for e in log}] == [e["event"] for e in log]
    history = tmp_path / "r" / "skills" / "history"
    for update in events(log, "update"):
        if update.get("accepted"):
            folder = next(history.glob(f"*-e{update['epoch']}-b{update['cycle']}"))
            assert {p.stem for p in folder.iterdir()} == {s["name"] for s in update["library"]}


# -- one split ------------------------------------------------------------------------------------


def test_evaluating_one_split(tmp_path: Path) -> None:
    config = load_config({})
    edits, _ = read_edits(json.dumps([add("red")]))
    library = SkillLibrary().apply(edits)
    found = evaluate(Toy(), Model(), config, split="val", library=library,
                     store_file=tmp_path / "deep" / "calls.sqlite")  # fmt: skip
    data = found.to_json()
    assert data["accuracy"] == pytest.approx(2 / 3)
    assert {k: v["accuracy"] for k, v in data["by_type"].items()} == {
        "red": 1.0, "blue": 0.0, "green": 1.0,
    }  # fmt: skip
    assert data["skills"] == ["rule-red"]
    assert data["calls"]["total"] == 6
    stored = Model()
    evaluate(Toy(), stored, config, library=library, store_file=tmp_path / "deep" / "calls.sqlite")
    assert stored.calls == []
    assert len(evaluate(Toy(), Model(), config, limit=2).outcomes) == 2
    with pytest.raises(TaskError, match="no samples in the split 'training'") as caught:
        evaluate(Toy(), Model(), config, split="training")
    assert caught.value.hint == "it has: dev, val, test, ood"


def test_some_samples_of_each_type() -> None:
    found = evaluate(Toy(), Model(), load_config({}), per_type=1)
    assert [o.sample_type for o in found.outcomes] == list(KINDS)


# -- the models of a run ---------------------------------------------------------------------------


def test_a_writer_of_its_own_and_its_replay(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {
        "agent": "local",
        "agent_params": {"max_tokens": 64},
        "writer": "local",
        "writer_params": {"model": "big"},
        "cycle": {**CYCLE, "proposal_temperature": 0.9},
    }
    result = run_grasp(Toy(), config, run_dir=tmp_path / "r")
    seen = {
        (b["model"], b["temperature"], b["max_tokens"], "response_format" in b)
        for b in endpoint.bodies
    }
    assert seen == {
        ("toy", 0.0, 64, False), ("big", 0.0, 8192, True), ("big", 0.9, 8192, True),
    }  # fmt: skip
    asked = endpoint.total
    again = replay(result.run_dir, lambda name, **_: Toy())
    assert again.same_library
    assert again.same_scores
    assert endpoint.total == asked  # the writer is answered from the record as well


def test_the_agent_writes_by_other_parameters(tmp_path: Path, endpoint: Endpoint) -> None:
    config = {
        "agent": "local",
        "agent_params": {"max_tokens": 64},
        "writer_params": {"max_tokens": 32},
        "cycle": {**CYCLE, "proposal_temperature": 0.9},
    }
    run_grasp(Toy(), config, run_dir=tmp_path / "r")
    seen = {(b["temperature"], b["max_tokens"], "response_format" in b) for b in endpoint.bodies}
    assert seen == {(0.0, 64, False), (0.0, 32, True), (0.9, 32, True)}
    with pytest.raises(ConfigError, match="an agent that is an object"):
        run_grasp(Toy(), {"writer_params": {"stop": ["x"]}}, agent=Model(), run_dir=tmp_path / "o")


def test_behind_a_proxy_nobody_knocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Remote(Model):
        @property
        def identity(self) -> Any:
            return {**super().identity, "endpoint": "http://nowhere.invalid:1/v1"}

    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    result, _ = run_toy(tmp_path / "r", Remote(), epochs=0)
    assert result.summary()["test"]


def test_a_record_of_a_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run in"):
        record_run(tmp_path / "none", tmp_path / "x")
    result, _ = run_toy(tmp_path / "r", Model(noise=15))
    count = record_run(result.run_dir, tmp_path / "record.jsonl.gz", {"digest": "abc"})
    assert count == result.summary()["calls"]["total"]
    header, entries = read_record(tmp_path / "record.jsonl.gz")
    assert header["identity"] == dict(Model().identity)
    assert header["digest"] == "abc"
    assert header["scores"]["best_val"] == result.summary()["best_val"]
    served, _ = run_toy(tmp_path / "again", RecordedBackend(header, entries))
    assert facts(served.summary()) == facts(result.summary())
    (result.run_dir / "scores.json").unlink()
    with pytest.raises(RunError, match="not finished"):
        record_run(result.run_dir, tmp_path / "x")


def test_a_preset_beside_the_configuration(tmp_path: Path, endpoint: Endpoint) -> None:
    """The original looks for agents in a folder ``agents`` beside the configuration file."""
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "mine.yaml").write_text(
        f"api: chat\nbase_url: {endpoint.url}\nmodel: mine\ntemperature: 0\n"
    )
    path = tmp_path / "config.yaml"
    path.write_text("agent: mine\ncycle: {epochs: 0}\n")
    result = run_grasp(Toy(), path, run_dir=tmp_path / "r")
    assert result.summary()["test"]
    assert {b["model"] for b in endpoint.bodies} == {"mine"}


def test_every_event_of_an_evaluation_is_heard() -> None:
    heard: list[str] = []
    evaluate(Toy(), Model(), load_config({}), listener=lambda kind, facts: heard.append(kind))
    assert heard == ["wave_started", *["rollout_finished"] * 6, "wave_finished"]


def test_models_of_one_endpoint_share_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    from grasp.runs.backends import open_backends

    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("GRASP_MODEL", "m")
    closing: list[Any] = []
    config = load_config({"cycle": {"proposal_temperature": 0.8}})
    actor, _, writer = open_backends("local", config, closing)
    other = load_config({"writer": "local", "writer_params": {"base_url": "http://127.0.0.1:8/v1"}})
    first, analyst, _ = open_backends("local", other, closing)
    assert actor is not writer
    assert actor.window is writer.window  # type: ignore[attr-defined]
    assert first.window is not analyst.window  # type: ignore[attr-defined]
    for close in closing:
        close()
