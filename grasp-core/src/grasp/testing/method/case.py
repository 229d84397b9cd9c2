"""A method under examination: small runs of it in the kit's own world."""

from __future__ import annotations

import contextlib
import copy
import functools
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from grasp.agents.scripted import ScriptedBackend, read_policy
from grasp.contracts import Cancelled, Completion, ModelCall, Task
from grasp.methods import Method
from grasp.plugins import fresh, registry, selection
from grasp.runs.config import load_config
from grasp.runs.execute import RunRequest, execute
from grasp.runs.journal import read_journal
from grasp.runs.result import RunResult
from grasp.runs.rundir import RunDirectory
from grasp.testing import world
from grasp.testing.checks import Blocked

#: Two epochs of two updates.
CYCLE = {"epochs": 2, "batch_size": 6, "probe_size": 4, "candidates": 2}

#: Episodes in flight where the order of threads is to make no difference.
CONCURRENCY = 8


class Watched:
    """The world's model; notes what it was asked, and stops on demand.

    Args:
        policy: What answers.
        stop_after: Calls after which it is gone, as if the process were killed.
    """

    def __init__(self, policy: Any, stop_after: int | None = None) -> None:
        self._inner = ScriptedBackend(policy, model="conformance")
        self._stop_after = stop_after
        self._lock = threading.Lock()
        self.calls: list[ModelCall] = []

    @property
    def identity(self) -> Mapping[str, Any]:
        """That of the policy."""
        return self._inner.identity

    def complete(self, call: ModelCall) -> Completion:
        """Answer one call.

        Raises:
            Cancelled: It has answered as many as it was to answer.
        """
        with self._lock:
            if self._stop_after is not None and len(self.calls) >= self._stop_after:
                raise Cancelled("the conformance kit stops the run here")
            self.calls.append(call)
        return self._inner.complete(call)

    def close(self) -> None:
        """Nothing to release."""


@dataclass
class Watch:
    """What a method's object did during a run.

    Attributes:
        method: The object.
        states: Every state it told, beside a copy made at that moment.
        reloaded: Every state it was given, beside the one it told right after.
    """

    method: Any = None
    states: list[tuple[Any, Any]] = field(default_factory=list)
    reloaded: list[tuple[Any, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One run: its journal without times, its calls and what was watched."""

    events: list[dict[str, Any]]
    calls: list[ModelCall]
    watch: Watch
    result: RunResult


class MethodCase:
    """A method's class (or function that makes its objects), and the runs all checks look at.

    Args:
        build: Returns the class.
        policy: Model and writer; that of ``grasp.testing.world`` by default.

    Raises:
        ConfigError: The policy is none.
    """

    def __init__(self, build: Callable[[], Any], *, policy: Any = None) -> None:
        self.factory = build()
        self.policy = read_policy(policy or world.answer)[0]
        self.task: Task = world.Words()
        self._folder = Path(tempfile.mkdtemp(prefix="grasp-check-"))

    def close(self) -> None:
        """Remove the run folders."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @cached_property
    def outcome(self) -> Run | Exception:
        """A whole run, one call at a time; or what it raised."""
        if not self.is_method:
            raise Blocked
        try:
            return self.run("whole")
        except Exception as error:
            return error

    @property
    def whole(self) -> Run:
        """A whole run.

        Raises:
            Blocked: There is none.
        """
        if isinstance(self.outcome, Exception):
            raise Blocked
        return self.outcome

    @property
    def kind(self) -> Any:
        """The class behind the factory."""
        return self.factory.func if isinstance(self.factory, functools.partial) else self.factory

    @property
    def is_method(self) -> bool:
        """The class is one of a method."""
        return isinstance(self.kind, type) and issubclass(self.kind, Method)

    @property
    def in_harness(self) -> bool:
        """The method leaves the loop to the harness."""
        return getattr(self.kind, "run", None) is Method.run

    def run(
        self,
        folder: str,
        *,
        concurrency: int = 1,
        stop_after: int | None = None,
        resume: bool = False,
    ) -> Run:
        """Run the method in a folder of its own; raises what the run raises."""
        model, watch = Watched(self.policy, stop_after), Watch()
        path = self._folder / folder
        request = RunRequest(
            task=self.task,
            task_name="words",
            config=load_config({"cycle": {**CYCLE, "concurrency": concurrency}}),
            agent=model,
            run_dir=path,
            method=self._watched(watch),  # type: ignore[arg-type]
            resume=resume,
        )
        with _unobserved():
            result = execute(request)
        return Run(journal(path), model.calls, watch, result)

    def _watched(self, watch: Watch) -> Callable[..., Any]:
        def made(config: Mapping[str, Any], run_dir: Path, task: Task) -> Any:
            method = self.factory(config, run_dir, task)
            watch.method = method
            state, load = method.state, method.load

            def told() -> Any:
                value = state()
                watch.states.append((value, copy.deepcopy(value)))
                return value

            def given(value: Any) -> None:
                load(value)
                watch.reloaded.append((value, state()))

            method.state, method.load = told, given
            return method

        return made


def _unobserved() -> contextlib.AbstractContextManager[Any]:
    """Leave out plugins that observe runs: a tracker should not hear of the kit's own."""
    observing = [
        p.distribution
        for p in registry().plugins
        if p.manager and p.manager.hook.grasp_event.get_hookimpls()
    ]
    if not observing:
        return contextlib.nullcontext()
    wish = selection.wish()
    modules = [m for m in wish.modules if m not in observing]
    return fresh([*wish.disabled, *observing], modules)


def journal(path: Path) -> list[dict[str, Any]]:
    """Return a run's events without what may differ between equal runs."""
    events = read_journal(RunDirectory(path).journal_file)
    return [{k: v for k, v in event.items() if k != "time"} for event in events]
