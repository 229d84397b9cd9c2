"""Answers of an earlier run, served offline (design, section 6).

A record is a file of JSON lines, gzip if its name ends in ``.gz``. The first line is the
header ``{"grasp_record": 1, "identity": {...}, "made": ..., "settings": {...}}``; each
other line is one call: ``{"scope": ..., "key": ..., "call": ..., "answer": ...}`` with the
forms of ``grasp.agents.calls``.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grasp.agents.calls import call_content, completion_from_json, content_key
from grasp.agents.difference import equal_start, first_difference
from grasp.agents.settings import Settings
from grasp.contracts import AgentSetupError, Completion, ModelCall

VERSION = 1

_HINT = (
    "record again with the real model: prompts, seed, data and settings must be those of the record"
)


class RecordedBackend:
    """Answers calls from a record. Thread-safe: nothing changes after construction.

    A call is looked up by content and scope, then by content under any scope, the lowest
    in sort order. An entry that another identity gave (the writer of a run has its own
    temperature) is also found by its scope and what the model saw.

    Args:
        header: Header of the record; ``identity`` is presented as this backend's.
        entries: Entries of the record.
        overrides: Values that replace those of the identity's ``model`` and
            ``parameters``, as an override of the recorded preset did.

    Raises:
        AgentSetupError: The header or an entry is not of a record's form.
    """

    def __init__(
        self,
        header: Mapping[str, Any],
        entries: Iterable[Mapping[str, Any]],
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        recorded = header.get("identity")
        if not isinstance(recorded, Mapping):
            raise AgentSetupError("the record has no identity of a model", "record again")
        self._identity = _overridden(recorded, overrides or {})
        self._entries = list(entries)
        self._exact: dict[tuple[str, str], int] = {}
        self._by_key: dict[str, int] = {}
        self._foreign: dict[tuple[str, str], int] = {}
        for i, entry in enumerate(self._entries):
            try:
                self._index(i, entry, recorded)
            except (KeyError, TypeError, AttributeError):
                raise AgentSetupError(
                    f"entry {i + 1} of the record is not valid", "record again"
                ) from None

    def _index(self, i: int, entry: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
        key, scope, call = entry["key"], entry["scope"], entry["call"]
        completion_from_json(entry["answer"])
        self._exact.setdefault((key, scope), i)
        other = self._by_key.setdefault(key, i)
        if scope < self._entries[other]["scope"]:
            self._by_key[key] = i
        if content_key(recorded, _call(call)) != key:
            self._foreign.setdefault((_seen(_call(call)), scope), i)

    def __repr__(self) -> str:
        return f"RecordedBackend({self._identity.get('model')!r}, {len(self._entries)} answers)"

    @property
    def identity(self) -> Mapping[str, Any]:
        """The recorded identity."""
        return self._identity

    def complete(self, call: ModelCall) -> Completion:
        """Return the recorded answer.

        Raises:
            AgentSetupError: The call is not in the record; names the first difference.
        """
        key = content_key(self._identity, call)
        found = self._exact.get((key, call.scope))
        if found is None:
            found = self._foreign.get((_seen(call), call.scope))
        if found is None:
            found = self._by_key.get(key)
        if found is None:
            raise AgentSetupError(self._miss(call), _HINT, kind="not_recorded")
        return completion_from_json(self._entries[found]["answer"])

    def close(self) -> None:
        """Nothing to release."""

    def _miss(self, call: ModelCall) -> str:
        where = f" at {call.scope}" if call.scope else ""
        said = f"this call{where} is not in the record"
        if not self._entries:
            return f"{said}, which is empty"
        content = call_content(call)
        same = [e for e in self._entries if call.scope and e["scope"] == call.scope]
        nearest = max(same or self._entries, key=lambda e: _likeness(e["call"], content))
        difference = first_difference(nearest["call"], content)
        if not difference:
            difference = "only the model or its parameters differ, such as the temperature"
        which = "the recorded call there" if same else f"the nearest, {nearest['scope']!r}"
        return f"{said}; compared with {which}: {difference}"


def _overridden(identity: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(identity)
    if overrides.get("model"):
        changed["model"] = overrides["model"]
    parameters = {k: overrides[k] for k in overrides if k != "model"}
    if parameters:
        changed["parameters"] = {**identity.get("parameters", {}), **parameters}
    return changed


def _call(content: Mapping[str, Any]) -> ModelCall:
    tools = content.get("tools")
    return ModelCall(
        messages=tuple(content["messages"]),
        tools=None if tools is None else tuple(tools),
        stop=tuple(content.get("stop", ())),
        schema=content.get("schema"),
        max_tokens=content.get("max_tokens"),
    )


def _seen(call: ModelCall) -> str:
    return content_key({}, call)


def _likeness(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[int, int, int]:
    """Rank a recorded call: equal messages at the start, then equal characters after them."""
    old, new = recorded["messages"], asked["messages"]
    equal = 0
    for a, b in zip(old, new, strict=False):
        if a != b:
            break
        equal += 1
    characters = 0
    if equal < min(len(old), len(new)):
        characters = equal_start(*(str(m[equal].get("content")) for m in (old, new)))
    return equal, characters, -abs(len(old) - len(new))


def write_record(
    path: str | Path, header: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]
) -> None:
    """Write a record, atomically; the same content gives the same bytes.

    Args:
        path: The file; gzip if it ends in ``.gz``.
        header: ``identity``, ``made``, ``settings``; ``grasp_record`` is added.
        entries: Calls with ``scope``, ``key``, ``call`` and ``answer``; other keys stay.
    """
    path = Path(path)
    lines = [_line({"grasp_record": VERSION, **header}), *map(_line, entries)]
    data = "".join(lines).encode("ascii")
    if path.suffix == ".gz":
        buffer = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as file:
            file.write(data)
        data = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _line(data: Mapping[str, Any]) -> str:
    # ASCII, because answers may hold lone surrogates that UTF-8 can't encode.
    return json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n"


def read_record(path: str | Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the header and the entries of a record.

    Raises:
        AgentSetupError: The file is not there or not a record.
    """
    path = Path(path).expanduser()
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        # Not splitlines: texts may hold other line separators.
        lines = data.decode("utf-8").rstrip("\n").split("\n") if data else []
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise AgentSetupError(
            f"the record {path} can't be read: {error}", "give its path with GRASP_RECORD or path=…"
        ) from None
    read: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            item = json.loads(line)
        except ValueError:
            item = None
        if not isinstance(item, dict):
            raise AgentSetupError(f"line {number} of the record {path} is not JSON", "record again")
        read.append(item)
    if not read or read[0].get("grasp_record") != VERSION:
        raise AgentSetupError(
            f"{path} is not a record of this version", "make one from a run with a real model"
        )
    return read[0], read[1:]


def open_recorded(settings: Settings) -> RecordedBackend:
    """Build the backend of a record file.

    Raises:
        AgentSetupError: It can't be read.
    """
    header, entries = read_record(settings.path)
    overrides: dict[str, Any] = {
        "model": settings.model or None,
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "stop": list(settings.stop) or None,
    }
    return RecordedBackend(header, entries, {k: v for k, v in overrides.items() if v is not None})
