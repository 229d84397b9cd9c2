"""Work beside the run: in order, with its failures told, and never waited for too long."""

from __future__ import annotations

import threading

import pytest

from grasp.observers.background import Background


def test_items_are_worked_off_in_order() -> None:
    done: list[int] = []
    background = Background(done.append, "test")
    for n in range(100):
        background.put(n)
    background.finish(10)
    assert done == list(range(100))


def test_putting_does_not_wait_and_finishing_does_not_wait_for_ever() -> None:
    release = threading.Event()
    background: Background[int] = Background(lambda _: release.wait(30), "test")  # type: ignore[arg-type, return-value]
    for n in range(3):
        background.put(n)
    with pytest.raises(TimeoutError, match="3 events are lost"):
        background.finish(0.05)
    release.set()


def test_slow_work_that_goes_on_is_waited_for() -> None:
    pause = threading.Event()
    done: list[int] = []

    def work(n: int) -> None:
        pause.wait(0.1)
        done.append(n)

    background = Background(work, "test")
    for n in range(6):
        background.put(n)
    background.finish(0.4)  # Less than all of it takes, more than one item does.
    assert done == list(range(6))


@pytest.mark.parametrize(
    ("error", "raised"), [(ValueError("bad"), ValueError), (SystemExit("bad"), RuntimeError)]
)
def test_a_failure_is_raised_once_and_work_goes_on(
    error: BaseException, raised: type[Exception]
) -> None:
    done: list[str] = []
    go, after = threading.Event(), threading.Event()

    def work(item: str) -> None:
        if item == "bad":
            go.wait(10)
            raise error
        done.append(item)
        after.set()

    background = Background(work, "test")
    background.put("bad")
    background.put("good")
    go.set()
    assert after.wait(10)
    with pytest.raises(raised, match="bad"):
        background.put("more")
    background.put("again")
    background.finish(10)
    assert done == ["good", "more", "again"]


def test_finishing_raises_what_failed_last() -> None:
    go = threading.Event()

    def work(item: str) -> None:
        go.wait(10)
        raise ValueError(item)

    background = Background(work, "test")
    background.put("bad")
    go.set()
    with pytest.raises(ValueError, match="bad"):
        background.finish(10)


def test_the_thread_ends_with_the_work() -> None:
    background = Background(lambda _: None, "ends")
    background.put(1)
    background.finish(10)
    background._thread.join(10)
    assert not background._thread.is_alive()
