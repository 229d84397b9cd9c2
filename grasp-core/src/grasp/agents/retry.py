"""Trying again: how often, how long to wait, and when to give up."""

from __future__ import annotations

import logging
import math
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import mktime_tz, parsedate_tz
from typing import TypeVar

from grasp.contracts import AgentError, Cancelled

T = TypeVar("T")

log = logging.getLogger("grasp.agents")
#: Told of every retry in words, from the thread that waits.
listeners: list[Callable[[str], None]] = []

#: An endpoint that asks for a longer pause than this is given up at once.
LONGEST_REQUESTED = 600.0

_IN_TEXT = re.compile(
    r"(?i)(?:try again|retry)(?: after| in)\s+([0-9]+(?:\.[0-9]+)?)\s*(ms|milliseconds?|m\b|min|s)?"
)


class Transient(Exception):
    """A fault worth another try.

    Args:
        error: What to raise when no try is left.
        after: Seconds the endpoint asks to wait, or ``None``.
        limit: Retries of this kind of fault; ``None`` = the policy's.
    """

    def __init__(
        self, error: AgentError, after: float | None = None, limit: int | None = None
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after
        self.limit = limit


def retry_after(headers: Mapping[str, str], now: float, text: str = "") -> float | None:
    """Return the seconds an endpoint asks to wait.

    Reads ``retry-after-ms``, then ``retry-after`` (seconds or an HTTP date), then a
    "try again in N seconds" of the error text (spec: backends, HTTPAgent).

    Args:
        headers: Headers of the answer, by lower-case name.
        now: Seconds since the epoch.
        text: The error message.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return seconds * unit
    date = parsedate_tz(headers.get("retry-after") or "")
    if date is not None:
        try:
            return max(0.0, mktime_tz(date) - now)
        except (ValueError, OverflowError):
            return None
    match = _IN_TEXT.search(text)
    if match:
        return float(match.group(1)) * _scale((match.group(2) or "s").lower())
    return None


def _scale(unit: str) -> float:
    if unit in ("m", "min"):
        return 60.0
    return 0.001 if unit.startswith("m") else 1.0


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


@dataclass
class Retrier:
    """Runs an attempt until it succeeds, is refused, or no try is left. Thread-safe.

    Args:
        max_retries: Retries after the first try.
        cap: Longest own pause in seconds.
        base: First pause; it doubles each time.
        sleep: Waits; by default it ends at once when ``close`` is called.
        now: Seconds since the epoch.
        jitter: A number in [0, 1).
    """

    max_retries: int
    cap: float
    base: float = 1.0
    sleep: Callable[[float], object] | None = None
    now: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)

    def close(self) -> None:
        """End every pause; what waits raises ``Cancelled``."""
        self._closed.set()

    def run(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns.

        Raises:
            AgentError: What ``attempt`` raised, or the last fault's error.
            Cancelled: The backend was closed during a pause.
        """
        tries = 0
        while True:
            try:
                return attempt()
            except Transient as fault:
                limit = self.max_retries
                if fault.limit is not None:
                    limit = min(limit, fault.limit)
                too_long = fault.after is not None and fault.after > LONGEST_REQUESTED
                if tries >= limit or too_long:
                    raise _final(fault, tries + 1) from None
                pause = self.pause(tries, fault.after)
                tries += 1
                told = f"{fault.error}; retry {tries} of {limit} in {pause:.1f} s"
                log.info("%s", told)
                for listener in tuple(listeners):
                    listener(told)
                self._wait(pause)

    def pause(self, tries: int, after: float | None = None) -> float:
        """Return the seconds before the next try: never less than the endpoint asked for.

        Half of an own pause is random, so that many callers do not return at once.
        """
        own = min(self.cap, self.base * 2.0 ** min(tries, 30))
        if after is None:
            return own * (0.5 + 0.5 * self.jitter())
        return after + min(own, 1.0) * self.jitter()

    def _wait(self, seconds: float) -> None:
        if self.sleep is not None:
            self.sleep(seconds)
        else:
            self._closed.wait(seconds)
        if self._closed.is_set():
            raise Cancelled("the backend was closed")


def _final(fault: Transient, tries: int) -> AgentError:
    error = fault.error
    if tries == 1:
        return error
    return type(error)(f"{error.message} ({tries} tries)", error.hint, kind=error.kind)
