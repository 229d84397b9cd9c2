"""Notes on failures, all shown at every call (baselines.md, 1 and 2)."""
