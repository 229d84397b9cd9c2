"""What a grader may look at of an episode: the transcript and the answer (spec 1.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

#: Text by which a grader knows that the environment took a POST.
ACCEPTED = "POST request accepted"


@dataclass(frozen=True)
class Post:
    """A POST that the environment accepted: where it went and what it carried."""

    url: str
    payload: Any


@dataclass(frozen=True)
class Episode:
    """A finished episode.

    Attributes:
        history: Messages with ``role`` (``user`` or ``agent``) and ``content``.
        answer: What stood between ``FINISH(`` and the last character, or the error
            object of an episode that broke.
        strict: Posts were really stored, so payloads may have the forms a FHIR server
            insists on (``post_mode: strict``).
        guarded: Whether a transcript may end with an agent's message that has the letters
            ``POST`` in it. The original's v2 looks for the reply to that message and
            stumbles over its absence (spec 9, item 10).
    """

    history: Sequence[Mapping[str, Any]]
    answer: Any
    strict: bool = False
    guarded: bool = True

    @property
    def has_post(self) -> bool:
        """Whether any message of the agent has the letters ``POST`` in it, anywhere."""
        return any("POST" in content for _, content in self._agent_turns())

    @cached_property
    def accepted_posts(self) -> list[Post]:
        """The accepted posts in order; one whose raw text can't be read is left out.

        The raw text counts, so a post inside a code fence, which the environment
        accepted without its fence, is not here.

        Raises:
            IndexError: Not ``guarded``, and the last message is an agent's with ``POST``.
        """
        posts = []
        for index, content in self._agent_turns():
            if "POST" not in content or (self.guarded and index + 1 >= len(self.history)):
                continue
            if ACCEPTED not in self.history[index + 1]["content"]:
                continue
            first, *rest = content.split("\n")
            try:
                posts.append(Post(first[4:].strip(), json.loads("\n".join(rest))))
            except (ValueError, RecursionError):
                continue
        return posts

    def result(self) -> Any:
        """Return the decoded answer.

        Raises:
            ValueError: It is not JSON.
            TypeError: It is not text.
        """
        return json.loads(self.answer)

    def answers(self, *accepted: Any) -> bool:
        """Return whether the decoded answer equals one of these.

        Raises:
            ValueError: It is not JSON.
            TypeError: It is not text.
        """
        result = self.result()
        return any(result == one for one in accepted)

    def _agent_turns(self) -> list[tuple[int, str]]:
        return [
            (index, message["content"])
            for index, message in enumerate(self.history)
            if message["role"] == "agent"
        ]
