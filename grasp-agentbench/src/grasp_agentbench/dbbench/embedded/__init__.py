"""MySQL's dialect on an SQLite database in memory (spec agentbench, 2.4 and 2.5)."""
