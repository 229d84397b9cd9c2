"""Being told to end (SIGTERM) taken as Ctrl-C is: what was answered is saved, nothing is left."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """Someone told the process to end, as ``kill``, ``timeout`` and schedulers do."""


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Raise ``Terminated`` where SIGTERM would end the process at once; on the main thread only.

    Whoever has set a handler of their own, or ignores the signal, keeps that.
    """
    try:
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            raise ValueError
        signal.signal(signal.SIGTERM, _raise)
    except ValueError:  # Also that of another thread than the main one.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
