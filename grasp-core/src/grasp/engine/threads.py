"""The default executor: threads of this process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from grasp.contracts import ConfigError

T = TypeVar("T")
R = TypeVar("R")

#: Result of an item that did not run.
_SKIPPED = object()


class ThreadExecutor:
    """Runs items on up to ``concurrency`` threads.

    The threads are daemons: at the first interrupt calls in flight are waited for, so
    that their answers are stored; at the second the process can leave at once.
    """

    def __init__(self, concurrency: int = 5) -> None:
        if concurrency < 1:
            raise ConfigError(f"concurrency is {concurrency}", "use 1 or more")
        self.concurrency = concurrency

    def map(
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        on_result: Callable[[int, R], Any] | None = None,
        on_interrupt: Callable[[], Any] | None = None,
        wanted: Callable[[int], bool | None] | None = None,
    ) -> list[R]:
        """Return ``function`` of every item, in order. See ``Executor.map``."""
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(items)):
            todo.put(index)
        done: queue.SimpleQueue[tuple[int, Any, BaseException | None]] = queue.SimpleQueue()
        stop = threading.Event()
        ended = threading.Condition()

        def runs(index: int) -> bool:
            if wanted is None:
                return True
            with ended:
                while not stop.is_set():
                    answer = wanted(index)
                    if answer is not None:
                        return answer
                    ended.wait()
            return False

        def work() -> None:
            while not stop.is_set():
                try:
                    index = todo.get_nowait()
                except queue.Empty:
                    return
                try:
                    done.put((index, function(items[index]) if runs(index) else _SKIPPED, None))
                except BaseException as error:
                    stop.set()
                    done.put((index, None, error))
                with ended:
                    ended.notify_all()

        threads = [
            threading.Thread(target=work, name=f"grasp-{n}", daemon=True)
            for n in range(min(self.concurrency, len(items)))
        ]
        results: dict[int, Any] = {}
        errors: dict[int, BaseException] = {}

        def take(index: int, result: Any, error: BaseException | None) -> None:
            if error is not None:
                errors[index] = error
                return
            results[index] = None if result is _SKIPPED else result
            if on_result is not None and result is not _SKIPPED:
                on_result(index, result)

        try:
            for thread in threads:
                thread.start()
            while len(results) + len(errors) < len(items) and not stop.is_set():
                try:
                    take(*done.get(timeout=0.2))
                except queue.Empty:
                    continue
            for thread in threads:
                thread.join()
        except BaseException as error:  # An interrupt, or a listener that failed.
            stop.set()
            with ended:
                ended.notify_all()
            if on_interrupt is not None and isinstance(error, KeyboardInterrupt):
                on_interrupt()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            raise
        while not done.empty():
            take(*done.get())
        if errors:
            raise errors[min(errors)]
        return [results[i] for i in range(len(items))]

    def close(self) -> None:
        """Threads end with each ``map``; nothing is kept."""
