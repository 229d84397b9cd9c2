"""``python -m grasp`` is the command line."""

from __future__ import annotations

from grasp.cli.main import main

main()
