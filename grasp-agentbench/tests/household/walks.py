"""Walks through games, and what both engines are compared by: everything they say."""

from __future__ import annotations

import hashlib
import random
import tarfile
from pathlib import Path

from grasp_agentbench.household.episode import Playing

#: The official games, where they are at hand.
ARCHIVE = Path(__file__).parents[4] / "shared/benchdata/alfworld/alfworld-valid_unseen-70.tgz"
STEPS = 40
_DULL = ("go to", "look", "inventory", "help", "examine")


def unpack(folder: Path) -> list[Path]:
    """Return the official games, sorted."""
    with tarfile.open(ARCHIVE) as archive:
        # Python has filters since 3.10.12 and 3.11.4.
        archive.extractall(
            folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {})
        )
    return sorted(folder.rglob("game.tw-pddl"))


def follow(play: Playing, commands: list[str]) -> list[str]:
    """Carry out commands; return what is said and can be done at every step."""
    log = [_state(play.introduction, play)]
    return log + [_state(play.step(command), play) for command in commands]


def wander(play: Playing, seed: int) -> list[str]:
    """Carry out commands at random, seldom dull ones."""
    rng = random.Random(f"walk:{seed}")
    log = [_state(play.introduction, play)]
    for _ in range(STEPS):
        commands = play.commands
        lively = [c for c in commands if not c.startswith(_DULL)]
        command = rng.choice(lively if lively and rng.random() < 0.6 else commands)
        command = command if rng.random() < 0.97 else "dance with me"
        log.append(f"{command}\n{_state(play.step(command), play)}")
    return log


def digest(log: list[str]) -> str:
    return hashlib.sha256("\n\n".join(log).encode()).hexdigest()[:16]


def _state(said: str, play: Playing) -> str:
    return "\n".join([said, *play.commands, str(play.won)])
