"""Skills extracted from successful episodes (baselines.md, 5)."""
