"""Writes ``textworld_says.json`` with the real engine: ``python -m ...household.record``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from grasp_agentbench.household.textworld import TextWorldPlay

from .walks import digest, follow, unpack, wander

SAID = Path(__file__).with_name("textworld_says.json")


def said(path: Path, seed: int) -> dict[str, str]:
    """Return digests of the real engine's walkthrough and of a walk at random."""
    play = TextWorldPlay(path)
    walk = follow(play, play.walkthrough)
    return {"walkthrough": digest(walk), "wander": digest(wander(TextWorldPlay(path), seed))}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        games = unpack(Path(folder))
        found = {
            path.parts[-3] + "/" + path.parts[-2]: said(path, n) for n, path in enumerate(games)
        }
    SAID.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
    print(len(found), file=sys.stderr)


if __name__ == "__main__":
    main()
