"""Episodes in the processes of a Ray cluster (extra ``[ray]``); see ``docs/executors.md``."""
