"""DBBench: questions and changes to one table, by SQL (spec agentbench, 2)."""
