"""The MLflow tracker against MLflow itself: what a user finds there, and what harms nothing."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from ..cli.conftest import SMALL, Command
from ..toys import journal

mlflow = pytest.importorskip("mlflow", reason="needs the extra [mlflow]; nox -s observers")
tracker = pytest.importorskip("grasp.observers.mlflow")

RUN = ("run", "toy", "--agent", "toy-model", *SMALL)
TRACKED = ("--plugin", "grasp.observers.mlflow", *RUN)


@pytest.fixture(autouse=True)
def _own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("MLFLOW_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database, as making its tables takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def client(store: str, monkeypatch: pytest.MonkeyPatch, request: Any) -> Any:
    """A client of the store; every test has an experiment of its own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    return mlflow.MlflowClient(store)


def runs_of(client: Any, experiment: str) -> list[Any]:
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id])) if found else []


def curve(client: Any, run: Any, key: str) -> list[tuple[int, float]]:
    return [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, key)]


def test_a_run_is_found_in_mlflow(
    grasp: Command, client: Any, request: Any, tmp_path: Path
) -> None:
    ran = grasp(*TRACKED, "--run-dir", "r", "--json")
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) == 1, "MLflow's own output must not spoil --json"
    summary = json.loads(ran.out)
    (run,) = runs_of(client, request.node.name)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "r")
    assert run.data.tags["grasp.run_dir"] == os.path.abspath("r")
    params = run.data.params
    assert (params["task"], params["method"], params["agent"]) == ("toy", "grasp", "toy-model")
    assert params["cycle.epochs"] == "1"
    assert params["cycle.probe_size"] == "6"
    values = [summary["baseline_val"], *summary["val_curve"]]
    assert curve(client, run, "val.accuracy") == list(enumerate(values))
    assert run.data.metrics["test.learned.accuracy"] == summary["test"]["learned"]
    assert run.data.metrics["calls.total"] == summary["calls"]["total"]
    found = Path(client.download_artifacts(run.info.run_id, "", str(tmp_path)))
    rows = json.loads((found / "gate_decisions.json").read_text())
    decisions = [c for d in summary["gate_decisions"] for c in d["candidates"]]
    assert [(r["candidate"], r["verdict"], r["reason"]) for r in rows] == [
        (c["title"], c["verdict"], c["reason"]) for c in decisions
    ]
    for skill in summary["skills"]:
        text = (found / "skills" / skill / "SKILL.md").read_text()
        assert text == Path("r/skills/final", skill, "SKILL.md").read_text()
    assert summary["skills"]


def test_a_resumed_run_goes_on_in_its_mlflow_run(grasp: Command, client: Any, request: Any) -> None:
    assert grasp(*TRACKED, "--run-dir", "r", "--max-calls", "40").code == 3
    (stopped,) = runs_of(client, request.node.name)
    assert stopped.info.status == "KILLED"
    assert "40" in stopped.data.tags["grasp.reason"]
    ran = grasp(*TRACKED, "--run-dir", "r", "--resume", "--max-calls", "999", "--json")
    assert ran.code == 0, ran.err
    (run,) = runs_of(client, request.node.name)
    assert run.info.run_id == stopped.info.run_id
    assert run.info.status == "FINISHED"
    summary = json.loads(ran.out)
    values = [summary["baseline_val"], *summary["val_curve"]]
    assert curve(client, run, "val.accuracy") == list(enumerate(values)), "each point once"
    batches = [e for e in journal(Path("r")) if e["event"] == "batch"]
    assert [s for s, _ in curve(client, run, "batch.accuracy")] == [*range(1, len(batches) + 1)]


def test_a_run_started_anew_in_a_folder_is_another_mlflow_run(
    grasp: Command, client: Any, request: Any
) -> None:
    assert grasp(*TRACKED, "--run-dir", "r").code == 0
    assert grasp(*TRACKED, "--run-dir", "r", "--force").code == 0
    assert len(runs_of(client, request.node.name)) == 2


def test_a_run_that_was_not_tracked_is_told_whole_when_it_is_resumed(
    grasp: Command, client: Any, request: Any
) -> None:
    assert grasp(*RUN, "--run-dir", "r").code == 0
    assert grasp(*TRACKED, "--run-dir", "r", "--resume").code == 0
    (run,) = runs_of(client, request.node.name)
    assert [s for s, _ in curve(client, run, "val.accuracy")] == [0, 1]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "grasp.plugins"]


@pytest.mark.parametrize("retries", ["0", None])
def test_a_server_that_is_gone_costs_one_warning(
    grasp: Command,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    retries: str | None,
) -> None:
    with socket.socket() as reserved:  # Bound, and never listening.
        reserved.bind(("127.0.0.1", 0))
        uri = f"http://user:hunter2hunter2@127.0.0.1:{reserved.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        if retries is not None:
            monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", retries)
        else:  # MLflow itself would try for minutes.
            monkeypatch.setattr(tracker, "PATIENCE_S", 1.0)
        with caplog.at_level(logging.WARNING):
            started = time.monotonic()
            ran = grasp(*TRACKED, "--run-dir", "r", "--json")
            took = time.monotonic() - started
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) == 1
    assert len(caplog.records) == 1, "the retries of MLflow's client are not shown"
    (warning,) = warnings(caplog)
    assert warning.startswith("the observer of grasp.observers.mlflow failed (MLflow: ")
    assert "\n" not in warning
    assert "hunter2" not in warning + ran.err
    if retries is None:
        assert "MLFLOW_TRACKING_URI" in warning
        assert took < 30, "it waits for MLflow no longer than it says"
    plain = grasp(*RUN, "--run-dir", "plain", "--json")
    assert json.loads(plain.out)["skills"] == json.loads(ran.out)["skills"]


def test_a_real_server_and_its_death_in_the_middle_of_a_run(
    grasp: Command,
    tmp_path: Path,
    store: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Server(store, tmp_path) as process:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", process.uri)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        ran = grasp(*TRACKED, "--run-dir", "alive", "--json")
        assert (ran.code, warnings(caplog)) == (0, [])
        assert len(ran.out.splitlines()) == 1, "MLflow prints the run's address elsewhere"
        (run,) = runs_of(mlflow.MlflowClient(process.uri), "grasp")
        assert run.info.status == "FINISHED"
        assert run.data.metrics["val.accuracy"] == json.loads(ran.out)["val_curve"][-1]

        take = tracker.Track.take

        def dying(self: Any, event: Any) -> None:
            if event["event"] == "update":
                process.kill()
            take(self, event)

        monkeypatch.setattr(tracker.Track, "take", dying)
        ran = grasp(*TRACKED, "--run-dir", "dead", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["skills"]
    assert len(warnings(caplog)) == 1


class Server:
    """``mlflow server`` on a free port, in a process group of its own."""

    def __init__(self, store: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.uri = f"http://127.0.0.1:{self.port}"
        self._command = [
            sys.executable, "-m", "mlflow", "server", "--port", self.port, "--workers", "1",
            "--backend-store-uri", store, "--artifacts-destination", str(folder),
        ]  # fmt: skip

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            self._command,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                    return self
            except OSError:
                time.sleep(0.1)
        self.kill()
        raise AssertionError("mlflow server did not start")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __exit__(self, *error: object) -> None:
        self.kill()
