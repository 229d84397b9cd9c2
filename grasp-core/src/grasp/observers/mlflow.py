"""Tracks every run in MLflow: settings, validation curve, gate decisions, the library.

Needs ``pip install 'grasp-core[mlflow]'``. Off by default. To switch it on::

    export MLFLOW_TRACKING_URI=http://localhost:5000
    grasp --plugin grasp.observers.mlflow run medagentbench --agent local

MLflow's own variables say where to: ``MLFLOW_TRACKING_URI`` (by default a database in the
working directory), ``MLFLOW_EXPERIMENT_NAME`` (by default ``grasp``), ``MLFLOW_RUN_NAME``
(by default the name of the run's folder). A resumed run goes on in the MLflow run it had.

All of it happens in a thread beside the run. A server that is gone costs one warning, and
at most ``PATIENCE_S`` seconds at the run's end.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from grasp.agents.secret import scrub, url_secrets
from grasp.contracts import GraspError, PluginError
from grasp.observers import facts
from grasp.observers.background import Background
from grasp.plugins import hookimpl

if find_spec("mlflow") is None:
    raise PluginError("MLflow is not installed: pip install 'grasp-core[mlflow]'")

#: How long MLflow may take for one event when the run has ended.
PATIENCE_S = 30.0

DEFAULT_EXPERIMENT = "grasp"
#: Tag by which a resumed run finds the MLflow run it had.
TAG = "grasp.run"

_STATUS = {
    "finished": "FINISHED",
    "stopped": "KILLED",
    "interrupted": "KILLED",
    "failed": "FAILED",
}
_MOST_PARAMETERS = 100  # of one request

_tracks: dict[str, Background[Mapping[str, Any]]] = {}

#: Name of our threads, to tell their part of a log.
_THREAD = "grasp-mlflow"


def _not_ours(record: logging.LogRecord) -> bool:
    """Leave out what libraries log in our threads: each retry would be a line."""
    return record.threadName != _THREAD


for _name in ("urllib3.connectionpool", "mlflow.store.db.utils"):
    logging.getLogger(_name).addFilter(_not_ours)


@hookimpl
def grasp_event(event: Mapping[str, Any]) -> None:
    """Hand an event to its run's thread."""
    where = event["run_dir"]
    if event["event"] == "run_started":
        _tracks[where] = Background(_guarded(Track()), _THREAD)
    track = _tracks.get(where)
    if track is None:
        return
    try:
        track.put(event)
    finally:
        if event["event"] == "run_ended":
            del _tracks[where]
            _finish(track)


def _finish(track: Background[Any]) -> None:
    try:
        track.finish(PATIENCE_S)
    except TimeoutError as error:
        raise GraspError(f"MLflow: {error}; is MLFLOW_TRACKING_URI right?") from None


def _guarded(track: Track) -> Any:
    """Return what takes one event, and tells of failures without secrets."""

    @functools.wraps(track.take)
    def take(event: Mapping[str, Any]) -> None:
        try:
            track.take(event)
        except Exception as error:
            uri = os.environ.get("MLFLOW_TRACKING_URI", "")
            secrets = [*url_secrets(uri), os.environ.get("MLFLOW_TRACKING_TOKEN", "")]
            raise GraspError(scrub(f"MLflow: {error}", secrets)) from None

    return take


class Track:
    """One run of GRASP as a run of MLflow. Used from one thread."""

    def __init__(self) -> None:
        self._started: Mapping[str, Any] | None = None
        self._client: Any = None
        self._run = ""
        self._known: dict[str, set[tuple[float, int]]] = {}
        self._continued = False
        self._updates = 0
        self._decisions: list[dict[str, Any]] = []

    def take(self, event: Mapping[str, Any]) -> None:
        """Log what an event tells.

        Raises:
            Exception: Whatever MLflow raises.
        """
        kind = event["event"]
        if kind == "run_started":
            self._started = event
        if kind == "batch":
            self._updates += 1
        rows = facts.decisions(event) if kind == "update" else []
        self._decisions.extend(rows)
        self._open()
        self._log(facts.metrics(event, self._updates))
        if rows:
            self._client.log_dict(self._run, self._decisions, "gate_decisions.json")
        if kind == "run_ended":
            self._end(event)

    def _open(self) -> None:
        """Find or make the MLflow run; tried again with every event until it succeeds."""
        if self._run:
            return
        assert self._started is not None
        import mlflow

        client = mlflow.MlflowClient()
        experiment = _experiment(client)
        where = self._started["run_dir"]
        key = facts.key(where)
        run = None
        if self._started["resumed"]:
            found = client.search_runs(
                [experiment],
                f"tags.`{TAG}` = '{key}'",
                max_results=1,
                order_by=["attributes.start_time DESC"],
            )
            run = found[0] if found else None
        self._continued = run is not None
        if run is None:
            run = client.create_run(
                experiment,
                run_name=os.environ.get("MLFLOW_RUN_NAME") or Path(where).name,
                tags={TAG: key, "grasp.run_dir": where, "mlflow.source.name": "grasp"},
            )
        else:
            client.update_run(run.info.run_id, status="RUNNING")
        self._client = client
        self._run = run.info.run_id
        self._log_parameters(run.data.params)

    def _log_parameters(self, known: Mapping[str, str]) -> None:
        from mlflow.entities import Param

        assert self._started is not None
        wanted = facts.parameters(self._started)
        # A parameter can't change; what may differ after a resume keeps its first value.
        new = [Param(k, v) for k, v in wanted.items() if k not in known]
        for start in range(0, len(new), _MOST_PARAMETERS):
            self._client.log_batch(self._run, params=new[start : start + _MOST_PARAMETERS])

    def _log(self, points: list[facts.Metric]) -> None:
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        new = [p for p in points if not self._has(p)]
        if new:
            metrics = [Metric(p.key, p.value, now, p.step) for p in new]
            self._client.log_batch(self._run, metrics=metrics)

    def _has(self, point: facts.Metric) -> bool:
        """Tell whether the MLflow run of a resumed run has a point already."""
        if not self._continued:
            return False
        if point.key not in self._known:
            history = self._client.get_metric_history(self._run, point.key)
            self._known[point.key] = {(m.value, m.step) for m in history}
        return (point.value, point.step) in self._known[point.key]

    def _end(self, event: Mapping[str, Any]) -> None:
        finished = event["status"] == "finished"
        skills = Path(event["run_dir"], "skills", "final" if finished else "current")
        if skills.is_dir() and any(skills.iterdir()):
            self._client.log_artifacts(self._run, str(skills), "skills")
        if event["reason"]:
            self._client.set_tag(self._run, "grasp.reason", event["reason"])
        with _quiet():
            self._client.set_terminated(self._run, _STATUS[event["status"]])


def _experiment(client: Any) -> str:
    """Return the id of the experiment MLflow's variables name; it is made if it lacks."""
    chosen = os.environ.get("MLFLOW_EXPERIMENT_ID")
    if chosen:
        return chosen
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT
    found = client.get_experiment_by_name(name)
    made: str = found.experiment_id if found else client.create_experiment(name)
    return made


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow from printing the run's address, which would spoil ``--json``."""
    name = "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"
    before = os.environ.get(name)
    os.environ[name] = "true"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
