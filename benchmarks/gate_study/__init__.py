"""How often each gate is wrong, by simulation: ``nox -s gate-study``."""
