"""It makes an error of its own of every error."""

from __future__ import annotations

from typing import Any

from broken.good_method import Notes

BREAKS = "resumable-run"
SAYS = "raised RuntimeError"
MEND = "let AgentError pass through"


class Broken(Notes):
    def run(self) -> Any:
        try:
            return super().run()
        except Exception as error:
            raise RuntimeError("something went wrong") from error
