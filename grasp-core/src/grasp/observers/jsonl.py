"""Appends every event of every run to one file, as a line of JSON.

Off by default. To switch it on::

    grasp --plugin grasp.observers.jsonl run medagentbench --agent local

The file is ``grasp-events.jsonl`` in the working directory, or what ``GRASP_EVENTS_FILE``
names. Runs may share it: every line tells its run's folder.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grasp.plugins import hookimpl

#: Environment variable that names the file.
VARIABLE = "GRASP_EVENTS_FILE"
DEFAULT = "grasp-events.jsonl"


@hookimpl
def grasp_event(event: Mapping[str, Any]) -> None:
    """Append an event, unless it is one of those a resumed run only repeats."""
    if not event.get("replayed"):
        path = Path(os.environ.get(VARIABLE) or DEFAULT).expanduser()
        append(path, {"time": round(time.time(), 3), **event})


def append(path: Path, event: Mapping[str, Any]) -> None:
    """Append one event as a line; folders that lack are made.

    The file is opened for each line, so it may be rotated, and written to in one piece,
    so several processes may share it.

    Raises:
        OSError: The line could not be written, or not all of it.
    """
    line = json.dumps(event, default=str).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        if _torn(file):  # The disk was full, and is no longer.
            line = b"\n" + line
        written = os.write(file, line)
    finally:
        os.close(file)
    if written < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _torn(file: int) -> bool:
    """Tell whether the last line of a file has no end."""
    size = os.fstat(file).st_size
    if not size:
        return False
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1) != b"\n"
