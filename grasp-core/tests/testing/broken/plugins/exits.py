"""It ends the program when it is imported."""

from __future__ import annotations

import sys

BREAKS = "importable"
SAYS = "SystemExit: 3"
MEND = "do nothing there but define hooks"


sys.exit(3)
