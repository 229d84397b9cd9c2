"""It needs a module that is not installed."""

from __future__ import annotations

import no_such_module  # noqa: F401

BREAKS = "importable"
SAYS = "ModuleNotFoundError: No module named 'no_such_module'"
MEND = "imported in the factory's module"
