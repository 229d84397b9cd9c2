"""Episodes and prioritised rules, curated after every episode (baselines.md, 4)."""
