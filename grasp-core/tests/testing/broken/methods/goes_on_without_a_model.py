"""It goes on when no call can succeed any more."""

from __future__ import annotations

from typing import Any

from broken.good_method import Notes

BREAKS = "resumable-run"
SAYS = "went on to its end"
MEND = "let AgentError pass through"


class Broken(Notes):
    def run(self) -> Any:
        try:
            return super().run()
        except Exception:
            return None
