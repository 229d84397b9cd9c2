"""Conversations of a run, each text kept once."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

#: Scope of an episode or of a writer, such as ``e0/b1/probe/c2/task4_7``.
Scope = str


class Call(Protocol):
    """What is read of a stored call."""

    @property
    def scope(self) -> str:
        """Place in the run, with the turn behind ``#``."""
        ...

    @property
    def key(self) -> str:
        """Address of what was said."""
        ...

    @property
    def purpose(self) -> str:
        """What it was made for."""
        ...

    @property
    def repeated(self) -> bool:
        """Whether an earlier answer answered it."""
        ...


class Exchanges(Protocol):
    """Finds what was said."""

    def exchange(self, key: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return the messages and the answer behind a key."""
        ...


class Traces:
    """The conversations of a run.

    A conversation is that of its last call, which holds all before it.
    """

    def __init__(self, calls: Iterable[Call], exchanges: Exchanges) -> None:
        last: dict[Scope, tuple[int, str]] = {}
        self.calls: dict[Scope, tuple[int, int]] = {}
        for call in calls:
            scope, _, turn = call.scope.rpartition("#")
            number = int(turn) if turn.isdigit() else 0
            made, repeated = self.calls.get(scope, (0, 0))
            self.calls[scope] = (made + 1, repeated + call.repeated)
            if number >= last.get(scope, (-1, ""))[0]:
                last[scope] = (number, call.key)
        self._texts: dict[str, int] = {}
        told: dict[str, list[list[Any]]] = {}
        self._conversations: dict[Scope, list[list[Any]]] = {}
        for scope, (_, key) in sorted(last.items()):
            if key not in told:
                try:
                    told[key] = self._told(*exchanges.exchange(key))
                except KeyError:
                    continue
            self._conversations[scope] = told[key]

    def __contains__(self, scope: Scope) -> bool:
        return scope in self._conversations

    def packed(self) -> str:
        """Return all conversations as base64 of gzip of JSON.

        The JSON is ``{"texts": [text], "traces": {scope: [[role, number of text]]}}``.
        """
        data = {"texts": list(self._texts), "traces": self._conversations}
        text = json.dumps(data, separators=(",", ":"))
        return base64.b64encode(gzip.compress(text.encode("utf-8"), 6, mtime=0)).decode("ascii")

    def _told(
        self, messages: Iterable[Mapping[str, Any]], answer: Mapping[str, Any]
    ) -> list[list[Any]]:
        said = [[str(m.get("role", "")), self._number(_text(m))] for m in messages]
        return [*said, ["agent", self._number(_text({**answer, "content": answer.get("text")}))]]

    def _number(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts = [
        content if isinstance(content, str) else "" if content is None else json.dumps(content)
    ]
    for call in message.get("tool_calls") or ():
        function = call.get("function", {})
        parts.append(f"{function.get('name', '')}({function.get('arguments', '')})")
    return "\n".join(part for part in parts if part)
