"""Runs over Ray end as they do on threads, also where processes are killed on the way."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grasp.contracts import ConfigError, Rollout, RunError, Sample
from grasp.engine.ray.executor import RayExecutor
from grasp.plugins import load_executor
from grasp.runs.config import load_config
from grasp.runs.evaluate import evaluate

from ..endpoint import Endpoint, serve
from ..toys import Model, Toy, journal, run_toy
from .marked import Marked

ray = pytest.importorskip("ray", reason="needs the extra [ray]; nox -s ray")

CHILD = Path(__file__).with_name("ray_child.py")
NOISE = 20


def decisions(run_dir: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in e.items() if k != "time"} for e in journal(run_dir)]


def libraries(run_dir: Path) -> dict[str, bytes]:
    folder = run_dir / "skills"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def calls(run_dir: Path, columns: str = "scope, key, purpose, answer") -> list[tuple[Any, ...]]:
    database = sqlite3.connect(run_dir / "calls.sqlite")
    try:
        return sorted(database.execute(f"select {columns} from calls"))
    finally:
        database.close()


def assert_same(run_dir: Path, other: Path, *columns: str) -> None:
    assert decisions(run_dir) == decisions(other)
    assert libraries(run_dir) == libraries(other)
    assert any(name.startswith("final") for name in libraries(run_dir))
    assert calls(run_dir, *columns) == calls(other, *columns)
    assert not (run_dir / "journal.superseded.jsonl").exists()


def once(model: Model) -> None:
    asked = Counter(call.scope for call in model.calls)
    assert {scope: n for scope, n in asked.items() if n > 1} == {}


def on(executor: str) -> dict[str, Any]:
    return {"config": {"executor": executor}}


# -- the same run -----------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"batch_size": 4, "concurrency": 1}, {"curtail": False}])
def test_journals_libraries_and_calls_are_those_of_threads(
    cluster: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    here, there = Model(noise=NOISE), Model(noise=NOISE)
    (tmp_path / "pids").mkdir()
    task = Marked(tmp_path / "pids", dev=18)
    on_threads, _ = run_toy(tmp_path / "threads", here, Toy(dev=18), **settings)
    on_ray, _ = run_toy(tmp_path / "ray", there, task, run=on("ray"), **settings)
    assert_same(tmp_path / "ray", tmp_path / "threads")
    assert on_ray.usage == on_threads.usage
    assert os.getpid() not in task.pids()
    assert len(task.pids()) == (1 if settings.get("concurrency") == 1 else 2)
    once(there)


def test_a_run_out_of_budget_stops_as_on_threads_and_goes_on(cluster: str, tmp_path: Path) -> None:
    whole = Model(noise=NOISE)
    run_toy(tmp_path / "whole", whole)
    budget = {"config": {"executor": "ray", "budget": {"calls": len(whole.calls) // 2}}}
    model = Model(noise=NOISE)
    stopped, _ = run_toy(tmp_path / "ray", model, run=budget)
    assert "calls" in stopped.stopped
    assert len(model.calls) <= len(whole.calls) // 2
    run_toy(tmp_path / "ray", model, run={**on("ray"), "resume": True})
    assert_same(tmp_path / "ray", tmp_path / "whole")
    once(model)


def test_an_evaluation(cluster: str) -> None:
    scores = [
        evaluate(Toy(), Model(noise=NOISE), load_config({"executor": name}), split="test")
        for name in ("threads", "ray")
    ]
    assert scores[0].outcomes == scores[1].outcomes


# -- killed on the way ------------------------------------------------------------------------


class Killer(Model):
    """Kills a process that runs episodes each time so many calls have been made."""

    def __init__(self, task: Marked, at: tuple[int, ...]) -> None:
        super().__init__(noise=NOISE)
        self.task = task
        self.at = at
        self.killed: set[int] = set()
        self.fault = self._count

    def _count(self, call: Any) -> None:
        with self._lock:
            if len(self.calls) in self.at:
                victim = random.Random(0).choice(sorted(self.task.pids() - self.killed))
                os.kill(victim, signal.SIGKILL)
                self.killed.add(victim)


@pytest.mark.parametrize("at", [(2,), (20, 40), (30, 31)], ids=str)
def test_killed_workers_lose_nothing(
    cluster: str,
    tmp_path: Path,
    at: tuple[int, ...],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "pids").mkdir()
    task = Marked(tmp_path / "pids", dev=18)
    whole, model = Model(noise=NOISE), Killer(task, at)
    run_toy(tmp_path / "whole", whole, Toy(dev=18))
    result, _ = run_toy(tmp_path / "ray", model, task, run=on("ray"))
    assert len(model.killed) == len(at)
    assert len(task.pids()) > 2 or at == (2,)
    assert_same(tmp_path / "ray", tmp_path / "whole")
    assert len(model.calls) == len(whole.calls)
    once(model)
    assert result.usage["calls"]["total"] == len(whole.calls)
    assert 1 <= caplog.text.count("a worker died, its episodes begin again") <= len(at)
    assert capfd.readouterr() == ("", ""), "Ray prints nothing"


def start(endpoint: Endpoint, run_dir: Path, executor: str = "ray") -> subprocess.Popen[str]:
    options = ["--resume"] if (run_dir / "config.yaml").exists() else []
    return subprocess.Popen(
        [sys.executable, str(CHILD), endpoint.url, str(run_dir), executor, *options],
        stderr=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.endswith(("API_KEY", "BASE_URL"))},
    )


def test_a_run_killed_itself_goes_on_where_it_stopped(cluster: str, tmp_path: Path) -> None:
    with serve(Endpoint(NOISE)) as whole:
        child = start(whole, tmp_path / "whole", "threads")
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors
    with serve(Endpoint(NOISE)) as endpoint:
        enough = threading.Event()

        def hook(body: Mapping[str, Any]) -> None:
            if endpoint.total >= whole.total // 2:
                enough.set()

        endpoint.hook = hook
        child = start(endpoint, tmp_path / "killed")
        assert enough.wait(120)
        child.kill()
        child.communicate()
        assert child.returncode == -signal.SIGKILL
        time.sleep(0.2)
        stored = len(calls(tmp_path / "killed"))
        lost = endpoint.total - stored
        assert 0 <= lost <= 4, "only what was in flight"
        endpoint.hook = lambda body: None
        child = start(endpoint, tmp_path / "killed")
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors
        assert endpoint.total == whole.total + lost
    # Keys name the endpoint, and these are two.
    assert_same(tmp_path / "killed", tmp_path / "whole", "scope, purpose, answer")


# -- clusters ---------------------------------------------------------------------------------


def test_without_an_address_a_cluster_begins_and_ends_with_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with serve(Endpoint()) as endpoint:
        child = start(endpoint, tmp_path / "ray")
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors
        assert errors == "", "Ray prints nothing"
    assert journal(tmp_path / "ray")[-1]["event"]
    assert not alive(child.pid)


@pytest.mark.slow
def test_a_killed_run_leaves_no_cluster_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with serve(Endpoint()) as endpoint:
        asked = threading.Event()
        endpoint.hook = lambda body: asked.set()
        child = start(endpoint, tmp_path / "ray")
        assert asked.wait(120)
        family = descendants(child.pid)
        assert len(family) > 2
        child.kill()
        child.communicate()
    for _ in range(600):  # The raylet goes at once; its agents look for it now and then.
        if not any(alive(pid) for pid in family):
            return
        time.sleep(0.2)
    pytest.fail("processes of the cluster outlive the run")


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found = [pid]
    for parent in found:
        found += [child for child, ppid in pairs if ppid == parent]
    return found[1:]


def test_a_connection_of_the_users_own_is_used_and_left(cluster: str, tmp_path: Path) -> None:
    ray.init(cluster, log_to_driver=False)
    try:
        run_toy(tmp_path / "ray", Model(), run=on("ray"))
        assert ray.is_initialized()
    finally:
        ray.shutdown()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense"])
def test_a_cluster_that_is_not_there(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ConfigError, match=f"there is no Ray cluster at {address}") as caught:
        run_toy(tmp_path / "ray", Model(), run=on("ray"))
    assert "RAY_ADDRESS" in caught.value.hint


# -- what can't be sent -----------------------------------------------------------------------


class Elsewhere(Toy):
    """Can't be set up but where it was made."""

    def __init__(self) -> None:
        super().__init__()
        self.home = os.getpid()

    def setup(self) -> None:
        if os.getpid() != self.home:
            raise FileNotFoundError("charts.json")


class Opaque(Toy):
    """Its episodes, or samples, hold what can't be pickled."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def samples(self, split: str) -> list[Sample]:
        lock = {"lock": threading.Lock()} if self.where == "sample" else {}
        return [{**sample, **lock} for sample in super().samples(split)]

    def rollout(self, sample: Sample, agent: Any) -> Rollout:
        rollout = super().rollout(sample, agent)
        rollout.raw = threading.Lock()
        return rollout


@pytest.mark.parametrize(
    ("task", "message", "hint"),
    [
        (Elsewhere(), "can't set up the task: FileNotFoundError: charts.json", "install the same"),
        (Opaque("sample"), "can't send to or from a worker: .*lock", "must be picklable"),
        (Opaque("rollout"), "can't send to or from a worker: .*lock", "must be picklable"),
    ],
)
def test_what_a_worker_can_not_do_ends_the_run_with_the_remedy(
    cluster: str, tmp_path: Path, task: Toy, message: str, hint: str
) -> None:
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        with pytest.raises(RunError, match=message) as caught:
            run_toy(tmp_path / "ray", Model(), task, run=on("ray"))
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    assert hint in caught.value.hint


def test_it_is_registered() -> None:
    assert isinstance(load_executor("ray", concurrency=2), RayExecutor)
