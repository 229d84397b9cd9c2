"""The journal: what happened in a run, one JSON object per line, in order."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grasp.contracts import RunError

#: Facts that may differ between a run and its replay.
_VOLATILE = frozenset({"time"})


class Journal:
    """Append-only events of a run, each flushed when it is appended.

    Resuming is replaying: the loop makes the same events again, and those that already
    stand in the file are recognised instead of written twice. Where the two part (an
    episode that failed for want of an endpoint now succeeds), the old rest moves to
    ``journal.superseded.jsonl`` and the journal goes on from there.

    Args:
        path: The file; created if missing. A torn last line is dropped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = list(read_journal(path)) if path.exists() else []
        self._position = 0
        self._file = None
        with _disk_errors(path):
            if path.exists():
                _rewrite(path, self._known)
            self._file = path.open("a", encoding="utf-8")

    def append(self, event: str, /, **facts: Any) -> bool:
        """Append one event; returns False if it stood there already.

        Raises:
            RunError: The disk is full or the file can't be written.
        """
        data = json.loads(json.dumps({"event": event, **facts}, default=_plain))
        if self._position < len(self._known):
            if _stable(self._known[self._position]) == data:
                self._position += 1
                return False
            self._part()
        self._write({**data, "time": round(time.time(), 3)})
        self._position += 1
        self._known.append(data)
        return True

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events so far, this process's included."""
        return self._known[: self._position]

    def _part(self) -> None:
        rest = self._known[self._position :]
        assert self._file is not None
        self._file.close()
        old = self.path.with_name("journal.superseded.jsonl")
        with _disk_errors(self.path):
            with old.open("a", encoding="utf-8") as out:
                out.writelines(json.dumps(e) + "\n" for e in rest)
            self._known = self._known[: self._position]
            _rewrite(self.path, self._known)
            self._file = self.path.open("a", encoding="utf-8")

    def _write(self, data: Mapping[str, Any]) -> None:
        assert self._file is not None
        with _disk_errors(self.path):
            self._file.write(json.dumps(data) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # What could not be written is reported already.
                self._file.close()


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"can't write {path}: {error.strerror or error}",
            "free disk space, then go on where it stopped with --resume",
        ) from None


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yield a journal's events; stops at a torn or damaged line."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                return
            if not line.endswith("\n") or not isinstance(event, dict):
                return
            yield event


def _rewrite(path: Path, events: list[dict[str, Any]]) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(e) + "\n" for e in events)
    os.replace(temporary, path)


def _stable(event: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in event.items() if k not in _VOLATILE}


def _plain(value: Any) -> Any:
    return str(value)
