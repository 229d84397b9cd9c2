"""Calls, time, CPU and memory of a run against an endpoint with a fixed latency."""
