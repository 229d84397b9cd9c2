"""Keeps what foreign code prints while it is imported out of our own output."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TextIO


class _Process:
    """How many blocks are open in this process, and the stream they keep."""

    lock = threading.Lock()
    depth = 0
    stdout: TextIO | None = None


@contextlib.contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send ``sys.stdout`` to ``sys.stderr`` inside the block.

    A greeting that a module prints would spoil ``--json``. Blocks may nest and overlap
    between threads: the last one to end puts the stream back.
    """
    with _Process.lock:
        if not _Process.depth:
            _Process.stdout, sys.stdout = sys.stdout, sys.stderr
        _Process.depth += 1
    try:
        yield
    finally:
        with _Process.lock:
            _Process.depth -= 1
            if not _Process.depth and _Process.stdout is not None:
                sys.stdout = _Process.stdout
