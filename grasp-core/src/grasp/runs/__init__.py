"""Runs: configuration, run directory, journal, call store, resume and replay."""
