"""Stands in for the sandbox's child where the kernel refuses the filter."""

from __future__ import annotations

import sys

sys.exit(97)
