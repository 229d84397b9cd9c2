"""Agents: the backends that answer model calls, and the session a run asks through.

Importing this package imports neither a model SDK nor YAML. ``load_backend`` is in
``grasp.agents.loader``, ``adapt`` in ``grasp.agents.adapt``.
"""

from __future__ import annotations
