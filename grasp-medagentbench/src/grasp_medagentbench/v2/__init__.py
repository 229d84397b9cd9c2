"""MedAgentBench-v2: ten redesigned task types on the same patients, protocol and store."""
