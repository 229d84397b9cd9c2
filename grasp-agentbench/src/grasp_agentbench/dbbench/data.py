"""The official files of DBBench; used where the user has pulled them."""

from __future__ import annotations

from grasp.plugins.datasets import DataFile, Dataset

STANDARD_FILE = DataFile(
    "standard.jsonl", "cf8dec6fb8051f46e6171136824aaa8b8707c3affbb3185c0bad2b39bc6b71e2"
)
DEV_FILE = DataFile("dev.jsonl", "eb941c58a7a5651357b19e46aa05070f6cd5a7d83ce70cefd24aa3581e1e1130")

DBBENCH = Dataset(
    name="agentbench-dbbench",
    base_url="https://raw.githubusercontent.com/THUDM/AgentBench/main/data/dbbench/",
    files=(STANDARD_FILE, DEV_FILE),
    licence="Apache-2.0 (THUDM/AgentBench)",
    extra="grasp-agentbench[data]",
)
