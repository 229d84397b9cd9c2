"""It shuffles what it shows, every time otherwise."""

from __future__ import annotations

import uuid

from broken.good_method import Notes

BREAKS = "repeatable-run"
SAYS = "differs in event"
MEND = "grasp.methods.harness.rng"
ALSO = ("resumable-run", "states-can-be-loaded")


class Broken(Notes):
    def take(self, note: str) -> None:
        super().take(f"{note} ({uuid.uuid4().hex})")
