"""Keeps a call that is being paid for whole when the user interrupts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds after which a waiting main thread looks for an interrupt.
POLL = 0.2


def shielded(function: Callable[[], T], on_interrupt: Callable[[], Any]) -> T:
    """Return ``function()``, run where a first Ctrl-C does not reach it.

    Python raises ``KeyboardInterrupt`` in the main thread, in the middle of whatever it
    does: a request cut off there is paid for and its answer lost. On the main thread the
    function therefore runs on a thread of its own; an interrupt calls ``on_interrupt``,
    waits for the function to end and is raised then. A second one is raised at once.
    """
    if threading.current_thread() is not threading.main_thread():
        return function()
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)

    worker = threading.Thread(target=work, name="grasp-call", daemon=True)
    try:
        worker.start()
        while not wait([future], POLL).done:  # Windows interrupts no wait without a limit.
            pass
    except KeyboardInterrupt:
        on_interrupt()
        if worker.ident is not None:
            worker.join()
        raise
    return future.result()
