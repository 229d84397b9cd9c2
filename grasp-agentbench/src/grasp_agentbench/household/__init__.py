"""ALFWorld: household tasks in text (spec agentbench, 4)."""
