"""The contract of an executor: where rollouts run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from grasp.contracts import Task

T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Runs a function over items, several at a time.

    The order of results is the order of items, so nothing downstream can depend on
    which finished first. One whose episodes run in other processes has ``place`` too, for
    the function of that name.
    """

    def map(
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        on_result: Callable[[int, R], Any] | None = None,
        on_interrupt: Callable[[], Any] | None = None,
        wanted: Callable[[int], bool | None] | None = None,
    ) -> list[R]:
        """Return ``function`` of every item.

        Args:
            function: Called concurrently.
            items: What to call it with.
            on_result: Called with (index, result) as each one finishes, one at a time.
            on_interrupt: Called when the user interrupts, before work in flight is
                waited for.
            wanted: Asked with an index just before its item would start, in this process.
                ``False``: the item does not run, and its result is ``None``. ``None``: it
                can't be said yet; asked again when another item has ended.

        Raises:
            BaseException: The first error of ``function`` in item order, after work in
                flight has ended and the rest was dropped.
        """
        ...

    def close(self) -> None:
        """Release workers."""
        ...


def place(executor: Executor, task: Task) -> Task:
    """Return what episodes are run with: the task, or the executor's stand-in for it.

    Called before ``task.setup()``, as other processes set up a task of their own.
    """
    stand_in = getattr(executor, "place", None)
    return task if stand_in is None else stand_in(task)
