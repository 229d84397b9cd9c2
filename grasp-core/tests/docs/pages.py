"""The repository's Markdown pages, and what their code blocks are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[3]
#: Has a test of its own: its blocks are examples, each apart from the others.
COMMAND_LINE = ROOT / "docs" / "reference" / "cli.md"

_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->", re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: First word of its info string.
        title: Name of the file that it is, if it is one.
        text: The code.
        line: Where it stands, from 1.
        not_run: Why it isn't run, from an invisible comment before it.
        output: What it prints, from a block ``text`` right after it.
    """

    language: str
    title: str
    text: str
    line: int
    not_run: str = ""
    output: str | None = field(default=None)


def pages() -> list[Path]:
    """Return the pages that people read."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(page for page in set(found) if blocks(page))


def blocks(page: Path) -> list[Block]:
    """Return a page's blocks in their order; outputs are part of the block they follow."""
    found: list[Block] = []
    reason = ""
    follows = False  # The block before is the last thing that was read.
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            language, _, rest = token.info.strip().partition(" ")
            title = _TITLE.search(rest)
            start = token.map[0] + 1 if token.map else 0
            if language == "text" and follows and not reason:
                last = found.pop()
                found.append(
                    Block(
                        last.language, last.title, last.text, last.line, last.not_run, token.content
                    )
                )
            else:
                name = title[1] if title else ""
                found.append(Block(language, name, token.content, start, reason))
            reason, follows = "", language != "text"
        elif token.type == "html_block" and (match := _NOT_RUN.match(token.content)):
            reason, follows = match[1], False
        elif token.type != "html_block":
            reason, follows = "", False
    return found
