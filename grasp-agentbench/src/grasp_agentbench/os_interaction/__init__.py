"""AgentBench's OS: questions about a system and changes of it, by bash (spec agentbench, 1)."""
