"""A backend that keeps every contract: it says how long the prompt is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grasp.contracts import Completion, ModelCall, Usage


class Counting:
    @property
    def identity(self) -> Mapping[str, Any]:
        return {"backend": "counting", "model": "length", "parameters": {}}

    def complete(self, call: ModelCall) -> Completion:
        text = self.text(call)
        return Completion(text, Usage(calls=1, prompt_tokens=1, completion_tokens=1))

    def text(self, call: ModelCall) -> str:
        words = str(call.messages[-1]["content"]).split()
        return f"{len(words)} words, the last is {''.join(words[-1:])}"

    def close(self) -> None: ...
