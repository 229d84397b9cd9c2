"""The executor ``ray``: episodes run in worker processes, on this machine or many."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from grasp.contracts import Task
from grasp.engine.ray.standin import Pool, StandIn
from grasp.engine.ray.worker import recipe
from grasp.engine.threads import ThreadExecutor

if TYPE_CHECKING:
    from grasp.engine.ray.cluster import Actor, Cluster


class RayExecutor(ThreadExecutor):
    """Threads that each lead an episode in a worker process of a Ray cluster.

    One worker for each CPU of the cluster, each with several episodes at a time; all else
    is what ``threads`` does.

    Raises:
        ImportError: Ray is not installed.
    """

    def __init__(self, concurrency: int = 5) -> None:
        super().__init__(concurrency)
        from grasp.engine.ray import cluster

        self._module = cluster
        self._cluster: Cluster | None = None
        self._pool: Pool[Actor] | None = None

    def place(self, task: Task) -> Task:
        """Return a stand-in for a task whose episodes run on the workers.

        Raises:
            ConfigError: The task can't be sent to workers, or there is no such cluster.
        """
        made_by = recipe(task, self._module.dumps)
        cluster = self._cluster = self._module.Cluster()
        size = min(self.concurrency, cluster.cpus)
        # The pool never lends one more often than an even share; and one call to close.
        calls = -(-self.concurrency // size) + 1
        self._pool = Pool(lambda: cluster.start(made_by, calls), size)
        return cast(Task, StandIn(task, self._pool))

    def close(self) -> None:
        """Close the workers' tasks, end the workers, and the cluster if it is the run's own."""
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close(self._pool.workers if self._pool else [])
