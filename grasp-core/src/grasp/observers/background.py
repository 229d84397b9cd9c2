"""Does slow work beside the run: the run hands it over and goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """One thread that works off what it is given, in order.

    Args:
        work: Called with each item. What it raises is kept and raised from the next
            ``put`` or from ``finish``; it goes on with the next item.
        name: Of the thread.
    """

    def __init__(self, work: Callable[[T], None], name: str) -> None:
        self._work = work
        self._items: queue.SimpleQueue[T | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._given = self._done = 0
        self._failure: Exception | None = None
        # A thread that hangs in a network call must not keep the process alive.
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over an item; returns at once.

        Raises:
            Exception: What an earlier item failed with, once.
        """
        with self._changed:
            self._given += 1
        self._items.put(item)
        self._complain()

    def finish(self, patience: float) -> None:
        """Wait until everything is done, as long as it goes on; the thread ends then.

        Args:
            patience: Seconds to wait for the next item to be done.

        Raises:
            TimeoutError: Nothing was done for so long.
            Exception: What an item failed with.
        """
        self._items.put(None)
        with self._changed:
            while self._done < self._given:
                if not self._changed.wait(patience):
                    left = self._given - self._done
                    raise TimeoutError(f"no answer for {patience:g} s, {left} events are lost")
        self._complain()

    def _loop(self) -> None:
        while (item := self._items.get()) is not None:
            try:
                self._work(item)
            except BaseException as error:
                failure = error if isinstance(error, Exception) else RuntimeError(repr(error))
                self._failure = self._failure or failure
            with self._changed:
                self._done += 1
                self._changed.notify_all()

    def _complain(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
