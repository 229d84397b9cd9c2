"""``kill -9`` at random moments, then ``--resume``: the same end, and no call paid twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grasp.runs.callstore import CallStore

from ..endpoint import Endpoint, serve
from ..toys import journal

CHILD = Path(__file__).with_name("kill_child.py")
CONCURRENCY = 4
NOISE = 15


def start(endpoint: Endpoint, run_dir: Path) -> subprocess.Popen[str]:
    options = ["--resume"] if (run_dir / "config.yaml").exists() else []
    return subprocess.Popen(
        [sys.executable, str(CHILD), endpoint.url, str(run_dir), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.endswith(("API_KEY", "BASE_URL"))},
    )


def finish(endpoint: Endpoint, run_dir: Path) -> None:
    child = start(endpoint, run_dir)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors


def leg(endpoint: Endpoint, run_dir: Path, requests: int, delay: float) -> bool:
    """Run until some requests have come and a moment has passed, then kill.

    Returns:
        Whether it was killed; otherwise it had come to its end before.
    """
    reached, seen = threading.Event(), 0
    lock = threading.Lock()

    def count(body: Mapping[str, Any]) -> None:
        nonlocal seen
        with lock:
            seen += 1
            if seen == requests:
                reached.set()

    endpoint.hook = count
    child = start(endpoint, run_dir)
    try:
        while not (reached.is_set() or requests == 0):
            if child.poll() is not None:
                break
            reached.wait(0.005)
        child.wait(delay)
    except subprocess.TimeoutExpired:
        pass
    child.send_signal(signal.SIGKILL)
    _, errors = child.communicate()
    assert child.returncode in (0, -signal.SIGKILL), errors
    endpoint.hook = lambda body: None
    quiet(endpoint)
    return child.returncode != 0


def quiet(endpoint: Endpoint) -> None:
    """Wait until what the killed process had sent has been read."""
    before = -1
    while endpoint.total != before:
        before = endpoint.total
        time.sleep(0.03)


def stored(run_dir: Path) -> int:
    path = run_dir / "calls.sqlite"
    if not path.exists():
        return 0
    try:
        store = CallStore(path)
    except sqlite3.Error:  # pragma: no cover
        return 0
    try:
        return len(store)
    finally:
        store.close()


def decisions(run_dir: Path) -> list[dict[str, Any]]:
    return [{k: v for k, v in e.items() if k != "time"} for e in journal(run_dir)]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def killed_and_resumed(tmp_path: Path, kills: int, seed: int) -> dict[str, int]:
    """Compare a run killed ``kills`` times with an uninterrupted one; returns the counts."""
    chance = random.Random(seed)
    with serve(Endpoint(NOISE)) as whole:
        finish(whole, tmp_path / "whole")
    per_leg = max(1, 2 * whole.total // (kills + 2))
    with serve(Endpoint(NOISE)) as endpoint:
        run_dir = tmp_path / "killed"
        lost, done, legs, most = 0, 0, 0, 0
        while done < kills and legs < 3 * kills:
            legs += 1
            requests = chance.randint(0, per_leg)
            delay = chance.uniform(0, 0.6 if requests == 0 else 0.02)
            done += leg(endpoint, run_dir, requests, delay)
            in_flight = endpoint.total - stored(run_dir) - lost
            assert 0 <= in_flight <= CONCURRENCY
            lost, most = lost + in_flight, max(most, in_flight)
        finish(endpoint, run_dir)
        assert done == kills, "the run came to its end too early to be killed so often"
        # Every answer that was stored was asked for once; all else was in flight at a kill.
        assert stored(run_dir) == stored(tmp_path / "whole") == whole.total
        assert endpoint.total == whole.total + lost
        repeats: Counter[str] = Counter(endpoint.asked)
        repeats.subtract(whole.asked)
        assert min(repeats.values()) >= 0
        assert sum(repeats.values()) == lost <= CONCURRENCY * kills
    assert decisions(run_dir) == decisions(tmp_path / "whole")
    assert not (run_dir / "journal.superseded.jsonl").exists()
    for folder in ("final", "best", "history"):
        assert tree(run_dir / "skills" / folder) == tree(tmp_path / "whole" / "skills" / folder)
    assert tree(run_dir / "skills" / "final")
    return {
        "calls": whole.total, "requests": endpoint.total, "repeated": lost, "kills": done,
        "most_in_flight": most,
    }  # fmt: skip


def test_killed_three_times(tmp_path: Path) -> None:
    killed_and_resumed(tmp_path, kills=3, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_twenty_times(
    tmp_path: Path, seed: int, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = killed_and_resumed(tmp_path, kills=20, seed=seed)
    with capsys.disabled():
        print(f"\nseed {seed}: {counts}")
    for name, value in counts.items():
        record_property(name, value)
