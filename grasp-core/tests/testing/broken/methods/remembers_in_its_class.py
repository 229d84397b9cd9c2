"""What one run learned, the next one knows."""

from __future__ import annotations

from broken.good_method import Notes

BREAKS = "repeatable-run"
SAYS = "differs in event"
MEND = "keep nothing in the class"
ALSO = ("resumable-run",)


class Broken(Notes):
    known: list[str] = []  # noqa: RUF012

    def take(self, note: str) -> None:
        self.known.append(note)
        super().take(f"{note} (after {len(self.known)})")
