"""The congestion window: opens with answers, halves on refusals, honours pauses."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from grasp.agents.window import Window
from grasp.contracts import Cancelled


def rounds(window: Window, number: int, refuse_over: float = float("inf")) -> list[int]:
    """Fill the window round by round; the endpoint refuses a round beyond its capacity."""
    sizes = []
    for _ in range(number):
        size = window.size
        sizes.append(size)
        with ExitStack() as stack:
            tickets = [stack.enter_context(window.call()) for _ in range(size)]
            for n, ticket in enumerate(tickets):
                ticket.refused() if n >= refuse_over else ticket.answered()
    return sizes


def test_it_doubles_until_the_first_refusal_then_halves_once_and_grows_slowly() -> None:
    sizes = rounds(Window(start=1), 9, refuse_over=20)
    assert sizes[:6] == [1, 2, 4, 8, 16, 32]
    assert 16 <= sizes[6] <= 32
    after = sizes[6:]
    assert all(b - a <= 1 for a, b in itertools.pairwise(after))


@pytest.mark.parametrize("capacity", [1, 3, 10, 60, 200])
def test_it_stays_near_the_capacity(capacity: int) -> None:
    sizes = rounds(Window(), 400, refuse_over=capacity)[50:]
    assert max(sizes) <= 2 * capacity + 1
    assert sum(sizes) / len(sizes) >= 0.6 * capacity


def test_many_refusals_of_one_round_halve_once() -> None:
    window = Window(start=16)
    with ExitStack() as stack:
        for ticket in [stack.enter_context(window.call()) for _ in range(16)]:
            ticket.refused()
    assert window.size == 8


def test_it_never_closes_for_good() -> None:
    window = Window(start=4)
    for _ in range(10):
        with window.call() as ticket:
            ticket.refused()
    assert window.size == 1


def test_nobody_is_admitted_during_a_pause() -> None:
    now = [0.0]
    window = Window(start=4, clock=lambda: now[0])
    with window.call() as ticket:
        ticket.refused(after=0.2)
    admitted = threading.Event()

    def wait() -> None:
        with window.call():
            admitted.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not admitted.wait(0.05)
    now[0] = 0.2
    assert admitted.wait(5)
    thread.join()


def test_the_number_in_flight_never_exceeds_the_window() -> None:
    window, lock = Window(start=3), threading.Lock()
    now = most = 0

    def call(_: Any) -> None:
        nonlocal now, most
        with window.call():
            with lock:
                now += 1
                most = max(most, now)
            threading.Event().wait(0.002)
            with lock:
                now -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(call, range(60)))
    assert most == 3


def test_closing_wakes_those_who_wait() -> None:
    window = Window(start=1)
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            with window.call():
                raise AssertionError("admitted")
        except Cancelled as error:
            caught.append(error)

    with window.call():
        thread = threading.Thread(target=wait)
        thread.start()
        window.close()
        thread.join(5)
    assert len(caught) == 1


def test_a_backend_halves_on_429_and_goes_on(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(429, headers={"retry-after": "7"}), "done")
    model = backend()
    before = model.window.size
    assert model.complete(ask()).text == "done"
    assert model.window.size < before


def test_a_server_error_is_no_sign_of_congestion(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(500), "done")
    model = backend()
    before = model.window.size
    assert model.complete(ask()).text == "done"
    assert model.window.size > before
