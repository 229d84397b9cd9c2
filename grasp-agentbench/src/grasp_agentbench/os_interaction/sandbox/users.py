"""Who the users of machines of namespaces are outside."""

from __future__ import annotations

import os

#: First identifier outside that root's machines get for their users, and how many.
FIRST_ID, IDS = 231072, 65536
#: Root of a machine with users of its own; of one with a single user, whoever made it.
AS_ROOT = ("--setuid=0", "--setgid=0")
AS_MAKER = ("--preserve-credentials",)


def is_root() -> bool:
    """Tell whether this process may give machines users of their own."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
