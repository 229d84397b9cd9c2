"""Pauses between tries."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.agents.retry import Retrier, Transient, retry_after
from grasp.contracts import Cancelled, ContextLimitError, EndpointError

NOW = 1_700_000_000.0


@given(st.floats(0, 1e6))
def test_seconds_and_milliseconds(seconds: float) -> None:
    assert retry_after({"retry-after": str(seconds)}, NOW) == pytest.approx(seconds)
    headers = {"retry-after-ms": str(seconds * 1000), "retry-after": "1"}
    assert retry_after(headers, NOW) == pytest.approx(seconds)


@given(st.integers(-1000, 100_000))
def test_dates(offset: int) -> None:
    header = formatdate(NOW + offset, usegmt=True)
    assert retry_after({"retry-after": header}, NOW) == max(0, offset)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_header_says_it_is_a_pause_or_nothing(header: str, text: str) -> None:
    seconds = retry_after({"retry-after": header, "retry-after-ms": text}, NOW, text)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 20s.", 20),
        ("try again in 250ms", 0.25),
        ("Try again in 1.5 seconds", 1.5),
        ("retry after 3 seconds", 3),
        ("try again in 2m", 120),
        ("try again in 2 min", 120),
        ("try again in 4 milliseconds", 0.004),
        ("try again", None),
    ],
)
def test_pauses_named_in_the_message(text: str, seconds: float | None) -> None:
    assert retry_after({}, NOW, text) == seconds
    for odd in ("inf", "nan", "-1", "soon"):
        assert retry_after({"retry-after": odd}, NOW, text) == seconds


@given(st.integers(0, 2000), st.floats(0, 0.999))
def test_own_pauses_stay_under_the_cap_and_requested_ones_are_kept(n: int, jitter: float) -> None:
    retrier = Retrier(9, 60.0, jitter=lambda: jitter)
    assert 0 < retrier.pause(n) <= 60
    assert retrier.pause(n, 5.0) >= 5.0


def test_dates_out_of_range_are_no_pause() -> None:
    assert retry_after({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, NOW) is None


def failing(*faults: Exception) -> object:
    left = list(faults)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return attempt


def test_other_errors_are_not_tried_again() -> None:
    sleeps: list[float] = []
    retrier = Retrier(9, 60.0, sleep=sleeps.append)
    with pytest.raises(ContextLimitError):
        retrier.run(failing(ContextLimitError("long")))
    assert not sleeps


def test_the_last_error_tells_the_tries_and_keeps_its_kind() -> None:
    fault = Transient(EndpointError("busy", "wait", kind="rate_limit"), limit=1)
    with pytest.raises(EndpointError) as caught:
        Retrier(9, 60.0, sleep=lambda s: None).run(failing(fault, fault, fault))
    error = caught.value
    assert (error.message, error.hint, error.kind) == ("busy (2 tries)", "wait", "rate_limit")


def test_a_closed_retrier_does_not_wait() -> None:
    retrier = Retrier(9, 60.0)
    retrier.close()
    with pytest.raises(Cancelled):
        retrier.run(failing(Transient(EndpointError("busy"))))
