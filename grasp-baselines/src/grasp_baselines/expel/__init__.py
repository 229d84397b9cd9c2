"""Rules from pairs of failures and successes (baselines.md, 3)."""
