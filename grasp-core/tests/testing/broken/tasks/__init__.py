"""Tasks that break one contract each; ``Broken`` is the task."""
