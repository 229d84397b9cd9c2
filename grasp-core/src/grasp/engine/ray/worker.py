"""A worker: runs a task's episodes, and has the run's own process answer for the model.

What a call comes back with is the episode's next step: it asks the model, or it has
ended. So the run calls and the worker never does: it needs no way back, no store and no key.
Nothing here needs Ray.
"""

from __future__ import annotations

import functools
import pickle
import queue
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grasp.contracts import AgentError, Completion, ConfigError, Message, Sample, Task, Usage
from grasp.plugins import load_task
from grasp.plugins.loading import one_line
from grasp.plugins.selection import Wish, restore, wish


@dataclass(frozen=True)
class Ask:
    """The episode asks the model."""

    history: list[Message]
    tools: list[Mapping[str, Any]] | None
    options: dict[str, Any]


@dataclass(frozen=True)
class Returned:
    """What was called has returned."""

    value: Any


@dataclass(frozen=True)
class Raised:
    """What was called has raised.

    ``None`` stands for the error the model was last answered with: the run has the original.
    """

    error: BaseException | None


@dataclass(frozen=True)
class NoTask:
    """This worker can't make the task."""

    reason: str
    hint: str


Step = Ask | Returned | Raised | NoTask


@dataclass(frozen=True)
class Said:
    """The model's answer, the agent's usage so far, and the whole answer where it is known."""

    text: str
    usage: Usage
    completion: Completion | None = None


@dataclass(frozen=True)
class Refused:
    """The model's answer is an error."""

    error: BaseException


Reply = Said | Refused


@dataclass(frozen=True)
class Recipe:
    """How a worker makes the task.

    Attributes:
        path: Where the run finds modules.
        wish: Which plugins the run has.
        pickled: A function without arguments that returns the task, not set up.
    """

    path: tuple[str, ...]
    wish: Wish
    pickled: bytes

    def task(self) -> Task:
        """Return the task; raises whatever making it raises."""
        sys.path += [p for p in self.path if p not in sys.path]
        restore(self.wish)
        task: Task = pickle.loads(self.pickled)()
        return task


def recipe(task: Task, dumps: Callable[[Any], bytes] = pickle.dumps) -> Recipe:
    """Return how a worker makes a task: a copy of it, else anew from its registered name.

    Args:
        task: Not set up yet.
        dumps: Pickles; Ray's own can take classes of ``__main__`` along.

    Raises:
        ConfigError: It can't be pickled and has no registered name.
    """
    ways = [functools.partial(_given, task)]
    if task.origin is not None:
        name, params = task.origin
        ways.append(functools.partial(load_task, name, **params))
    for way in ways:
        try:
            return Recipe(tuple(sys.path), wish(), dumps(way))
        except Exception as error:
            reason = one_line(error)
    raise ConfigError(
        f"the task can't be sent to workers: {reason}",
        "make what can't be pickled in setup(), which every worker calls, "
        "or use --set executor=threads",
    )


def _given(task: Task) -> Task:
    return task


class Worker:
    """Runs episodes of one task, any number at a time. Every method may be called remotely.

    No call waits for another one, so they can't lock each other out. An episode whose run
    has given it up would wait for ever, but only a run that stops does that, and then the
    process ends.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._task: Task | None = None
        self._episodes: dict[int, _Episode] = {}
        self._lock = threading.Lock()

    def begin(self, number: int, sample: Sample) -> Step:
        """Begin an episode under a number of its own; return its first step."""
        task = self._ready()
        if isinstance(task, NoTask):
            return task
        self._episodes[number] = _Episode(task, sample)
        return self._step(number)

    def reply(self, number: int, reply: Reply) -> Step:
        """Answer what an episode asked; return its next step."""
        self._episodes[number].replies.put(reply)
        return self._step(number)

    def call(self, method: str, *args: Any) -> Step:
        """Call a method of the task."""
        task = self._ready()
        if isinstance(task, NoTask):
            return task
        try:
            return Returned(getattr(task, method)(*args))
        except BaseException as error:
            return Raised(portable(error))

    def close(self) -> None:
        """Close the task."""
        with self._lock:
            if self._task is not None:
                self._task.close()

    def _ready(self) -> Task | NoTask:
        with self._lock:
            if self._task is None:
                try:
                    task = self._recipe.task()
                    task.setup()
                except Exception as error:
                    return NoTask(one_line(error), getattr(error, "hint", ""))
                self._task = task
            return self._task

    def _step(self, number: int) -> Step:
        step = self._episodes[number].steps.get()
        if not isinstance(step, Ask):
            del self._episodes[number]
        return step


class _Episode:
    """An episode on a thread of its own, and the agent it asks."""

    def __init__(self, task: Task, sample: Sample) -> None:
        self.steps: queue.SimpleQueue[Step] = queue.SimpleQueue()
        self.replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self.usage = Usage()
        self.completion: Completion | None = None
        self._refused: BaseException | None = None
        threading.Thread(target=self._run, args=(task, sample), daemon=True).start()

    def _run(self, task: Task, sample: Sample) -> None:
        try:
            step: Step = Returned(task.rollout(sample, self))
        except BaseException as error:
            step = Raised(None if error is self._refused else portable(error))
        self.steps.put(step)

    def inference(
        self,
        history: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Ask, and wait for the answer."""
        self.steps.put(Ask(list(history), None if tools is None else list(tools), options))
        reply = self.replies.get()
        if isinstance(reply, Refused):
            self._refused = reply.error
            raise reply.error
        self.usage = reply.usage
        self.completion = reply.completion
        return reply.text


def portable(error: BaseException) -> BaseException:
    """Return an error that another process can read: itself, or a look-alike."""
    try:
        copy = pickle.loads(pickle.dumps(error))
        if type(copy) is type(error) and str(copy) == str(error):
            return error
    except Exception:
        pass  # Its class takes other arguments than its text, or can't be imported there.
    # Who catches errors by class tells no others apart.
    base = next(c for c in (AgentError, OSError, Exception) if isinstance(error, c))
    return _look_alike(type(error).__name__, str(error), base)


def _look_alike(name: str, text: str, base: type[Exception]) -> Exception:
    def reduce(self: Exception) -> tuple[Any, ...]:
        return _look_alike, (name, text, base)

    alike: Exception = type(name, (base,), {"__reduce__": reduce})(text)
    return alike
