"""From what an SDK or an endpoint says to GRASP's errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grasp.agents.retry import Transient, retry_after
from grasp.agents.secret import scrub
from grasp.contracts import (
    AgentError,
    AgentSetupError,
    ContentFilterError,
    ContextLimitError,
    EndpointError,
)

_LONGEST = 400

_CONTEXT = re.compile(
    r"(?i)context[ _]length|context[ _](?:window|size)|maximum context|max(?:imum)? model len"
    r"|(?:prompt|input|request|message)s?\b.{0,40}\btoo (?:long|large|many tokens)"
    r"|too many (?:input )?tokens|token count.{0,40}exceeds|input tokens? exceeds?"
    r"|exceeds? the (?:maximum|available|model'?s?).{0,30}(?:context|tokens|input)"
    r"|reduce the length of"
)
_FILTER = re.compile(
    r"(?i)content[ _-](?:filter|policy|management)|responsible ?ai|safety (?:system|filter)"
    r"|prohibited_content"
)
_TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
_REFUSED = {
    401: ("authentication failed", "check the API key"),
    403: ("access denied", "check the key's rights, the project and the region"),
    404: ("not found", "check the model's name and the base URL (most end in /v1)"),
}


@dataclass(frozen=True)
class Refusal(Exception):
    """An answer with an error status, before it is judged.

    Attributes:
        status: HTTP status.
        text: The endpoint's message, scrubbed.
        code: Its machine-readable codes, joined by spaces.
        headers: By lower-case name.
    """

    status: int
    text: str
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def mentions(self, *words: str) -> bool:
        """Whether the message or a code holds one of these words."""
        text = f"{self.code} {self.text}".lower()
        return any(word in text for word in words)


def refusal(
    status: int, body: Any, headers: Mapping[str, str], secrets: Sequence[str] = ()
) -> Refusal:
    """Read an error answer; ``body`` is its JSON data or its text."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(body, list) and body and isinstance(body[0], Mapping):
        error = body[0].get("error", body[0])  # Google wraps errors in a list
    codes: list[str] = []
    if isinstance(error, Mapping):
        text = str(error.get("message") or error.get("detail") or json.dumps(dict(error)))
        inner = error.get("innererror")
        for part in (error, inner if isinstance(inner, Mapping) else {}):
            codes += [str(part[k]) for k in ("code", "type", "param", "status") if part.get(k)]
    else:
        text = "" if error is None else str(error)
    lower = {str(k).lower(): str(v) for k, v in headers.items()}
    return Refusal(status, _short(scrub(text, secrets)), scrub(" ".join(codes), secrets), lower)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def judge(answer: Refusal, where: str, now: float) -> AgentError | Transient:
    """Return the error of a refused call, or the transient fault that is worth a retry.

    Args:
        answer: The refusal.
        where: Preset and endpoint, for the message.
        now: Seconds since the epoch, for ``Retry-After`` dates.
    """
    said = f": {answer.text}" if answer.text else ""
    status = answer.status
    if status in (400, 413, 422) or (status >= 500 and answer.mentions("exceed_context_size")):
        return _bad_request(answer, where, said)
    if status in _REFUSED:
        what, hint = _REFUSED[status]
        return AgentSetupError(f"{where}: {what} (HTTP {status}){said}", hint)
    if status == 429 and answer.mentions("insufficient_quota"):
        return AgentSetupError(
            f"{where}: the quota is used up{said}", "check the plan and billing", kind="quota"
        )
    if status in _TRANSIENT_STATUS or status >= 500:
        kind = "rate_limit" if status == 429 else "timeout" if status == 408 else "server"
        error = EndpointError(f"{where}: HTTP {status}{said}", kind=kind)
        return Transient(error, retry_after(answer.headers, now, answer.text))
    return EndpointError(f"{where}: HTTP {status}{said}", kind="bad_request")


def _bad_request(answer: Refusal, where: str, said: str) -> AgentError:
    if answer.status == 413 or _CONTEXT.search(f"{answer.code} {answer.text}"):
        return ContextLimitError(f"{where}: the prompt is too long for the model{said}")
    if _FILTER.search(f"{answer.code} {answer.text}"):
        return ContentFilterError(f"{where}: the endpoint refused to answer this prompt{said}")
    if answer.mentions("temperature"):
        return AgentSetupError(
            f"{where}: the model does not take this temperature{said}",
            "set the agent's temperature to 'default' to send none",
        )
    if answer.mentions("api key", "api_key", "model_not_found", "model not found"):
        return AgentSetupError(f"{where}: HTTP {answer.status}{said}", "check the key and model")
    return EndpointError(f"{where}: HTTP {answer.status}{said}", kind="bad_request")
