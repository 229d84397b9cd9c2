"""Plugins that watch runs. Each is off until a command names it with ``--plugin``."""
