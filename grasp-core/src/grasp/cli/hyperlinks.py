"""Links in a terminal (OSC 8), where it is one that shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

#: Terminals that show links, by the variable each sets.
_VARIABLES = ("DOMTERM", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "WEZTERM_PANE", "WT_SESSION")
_PROGRAMS = {"ghostty", "Hyper", "iTerm.app", "rio", "tabby", "vscode", "WezTerm", "zed"}
_TERMS = {"alacritty", "foot", "xterm-ghostty", "xterm-kitty"}
#: Older libvte prints the address instead, or crashes.
_FIRST_VTE = 5000


def shows_links(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether standard output is a terminal known to show links.

    ``FORCE_HYPERLINK`` decides if it is set: ``0`` for no, anything else for yes.
    """
    env = os.environ if environ is None else environ
    if env.get("FORCE_HYPERLINK"):
        return env["FORCE_HYPERLINK"] != "0"
    if not sys.stdout.isatty() or env.get("TERM") == "dumb":
        return False
    vte = env.get("VTE_VERSION", "")
    return (
        (vte.isdecimal() and int(vte) >= _FIRST_VTE)
        or any(env.get(name) for name in _VARIABLES)
        or env.get("TERM_PROGRAM") in _PROGRAMS
        or env.get("TERM") in _TERMS
    )


def link(text: str, address: str) -> str:
    """Return a text that leads to an address; plain if it is no web address."""
    # A foreign control character would end the link and do something else.
    safe = address.isascii() and address.isprintable() and " " not in address
    if not safe or not address.startswith(("https://", "http://")):
        return text
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"
