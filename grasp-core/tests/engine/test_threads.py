"""The thread executor: order, limits, errors, interrupts."""

from __future__ import annotations

import _thread
import threading
from typing import Any

import pytest

from grasp.contracts import ConfigError
from grasp.engine import ThreadExecutor


class Meter:
    """Counts how many calls are under way, and holds them until enough are."""

    def __init__(self, wait_for: int) -> None:
        self.lock = threading.Condition()
        self.now = self.most = 0
        self.wait_for = wait_for

    def __call__(self, item: int) -> int:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.lock.notify_all()
            self.lock.wait_for(lambda: self.most >= self.wait_for, timeout=5)
            self.now -= 1
        return item * 10


@pytest.mark.parametrize(("concurrency", "items", "most"), [(1, 6, 1), (3, 9, 3), (8, 4, 4)])
def test_concurrency_is_reached_and_never_exceeded(concurrency: int, items: int, most: int) -> None:
    meter = Meter(most)
    assert ThreadExecutor(concurrency).map(meter, range(items)) == [n * 10 for n in range(items)]
    assert meter.most == most


def test_nothing_to_do() -> None:
    executor = ThreadExecutor()
    assert executor.map(str, []) == []
    executor.close()


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_concurrency_of_nothing_is_refused(concurrency: int) -> None:
    with pytest.raises(ConfigError, match="concurrency is"):
        ThreadExecutor(concurrency)


def test_every_result_is_announced_once_with_its_index_by_the_callers_thread() -> None:
    seen: list[tuple[int, str]] = []
    threads: set[int] = set()

    def announce(index: int, result: str) -> None:
        seen.append((index, result))
        threads.add(threading.get_ident())

    ThreadExecutor(4).map(str, range(30), announce)
    assert sorted(seen) == [(n, str(n)) for n in range(30)]
    assert threads == {threading.get_ident()}


def test_the_first_error_in_item_order_is_raised_after_work_in_flight_ended() -> None:
    both = threading.Barrier(2)
    ended: list[int] = []

    def fail(item: int) -> None:
        both.wait(5)
        if item == 0:
            # Item 1 fails first; item 0 is in flight and may still fail.
            while 1 not in ended:
                pass
        ended.append(item)
        raise ValueError(item)

    started: list[int] = []

    def work(item: int) -> None:
        started.append(item)
        fail(item)

    with pytest.raises(ValueError, match=r"^0$"):
        ThreadExecutor(2).map(work, range(50))
    assert sorted(ended) == [0, 1]
    assert sorted(started) == [0, 1]


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupt_waits_for_calls_in_flight_and_starts_no_more() -> None:
    started, finished = [], []
    running, told = threading.Event(), threading.Event()

    def work(item: int) -> None:
        started.append(item)
        if len(started) == 2:
            running.set()
        # In flight until the executor has been told of the interrupt.
        if told.wait(5):
            finished.append(item)

    def press() -> None:
        running.wait(5)
        _thread.interrupt_main()

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        ThreadExecutor(2).map(work, range(20), None, told.set)
    presser.join()
    assert sorted(started) == sorted(finished) == [0, 1]


def test_a_listener_that_fails_leaves_no_thread_working() -> None:
    def work(item: int) -> int:
        return item

    def broken(index: int, result: Any) -> None:
        raise BrokenPipeError("terminal gone")

    with pytest.raises(BrokenPipeError):
        ThreadExecutor(3).map(work, range(1000), broken)
    assert not [t for t in threading.enumerate() if t.name.startswith("grasp-")]
