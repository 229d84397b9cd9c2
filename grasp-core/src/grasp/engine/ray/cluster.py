"""The Ray cluster a run works on, and workers there. Imports Ray."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any, cast

import ray as _ray
from ray import cloudpickle

from grasp.contracts import ConfigError, RunError
from grasp.engine.ray.standin import INSTALL, WorkerLost
from grasp.engine.ray.worker import Recipe, Step, Worker
from grasp.plugins.loading import one_line

ray: Any = _ray  # Its own types are partial.

ADDRESS_VARIABLE = "RAY_ADDRESS"

#: Pickles classes of ``__main__`` by value.
dumps = cloudpickle.dumps

#: Seconds workers get to close their task.
CLOSING_S = 5.0

#: Seconds until a cluster that doesn't answer is given up.
KNOCKING_S = 5.0


class Cluster:
    """A connection: to the cluster of ``RAY_ADDRESS``, or to one that ends with it.

    Where this process is connected already, that is used, and left as it is.

    Raises:
        ConfigError: There is no such cluster.
    """

    def __init__(self) -> None:
        self._own = not ray.is_initialized()
        if self._own:
            _connect(os.environ.get(ADDRESS_VARIABLE) or "local")
        self.cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))

    def start(self, recipe: Recipe, calls: int) -> Actor:
        """Start a worker.

        Args:
            recipe: Its task.
            calls: How many it may work on at a time.
        """
        # A worker that dies stays dead: the pool knows what it had and starts another.
        kind = ray.remote(Worker).options(
            max_restarts=0, max_concurrency=calls, scheduling_strategy="SPREAD"
        )
        return Actor(kind.remote(recipe))

    def close(self, workers: list[Actor]) -> None:
        """Have workers close their task, end them, and the cluster if it is the run's own."""
        if not ray.is_initialized():
            return
        try:
            closing = [worker.handle.close.remote() for worker in workers]
            if closing:
                ray.wait(closing, num_returns=len(closing), timeout=CLOSING_S)
            for worker in workers:
                ray.kill(worker.handle)
        finally:
            if self._own:
                ray.shutdown()


class Actor:
    """A worker that is a Ray actor."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle

    def call(self, method: str, *args: Any) -> Step:
        """Return what the worker's method returns; see ``Remote``.

        Raises:
            RunError: Something of the task's can't be pickled, or no worker can start.
        """
        try:
            return cast(Step, ray.get(getattr(self.handle, method).remote(*args)))
        except ray.exceptions.RayTaskError as error:
            raise _unsendable(error.cause) from None
        except ray.exceptions.RayError as error:
            if getattr(error, "actor_init_failed", False):
                raise RunError(f"a worker can't start: {one_line(error)}", INSTALL) from None
            raise WorkerLost(one_line(error)) from None
        except TypeError as error:  # Ray's word for arguments that can't be pickled.
            raise _unsendable(error) from None


def _unsendable(error: BaseException) -> RunError:
    return RunError(
        f"can't send to or from a worker: {one_line(error)}",
        "what samples and rollouts hold must be picklable, or use --set executor=threads",
    )


def _connect(address: str) -> None:
    # A run sends nothing anywhere but to its model, and prints nothing but its own.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    options = {"include_dashboard": False} if address == "local" else {}
    try:
        _knock(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except Exception as error:
        raise ConfigError(
            f"there is no Ray cluster at {address}: {one_line(error)}",
            f"mend {ADDRESS_VARIABLE}, or unset it to have a cluster started here",
        ) from None
    # Whatever it is told, Ray prints on stdout that a worker died; the pool logs it.
    ray._private.worker._worker_logs_enabled = False


def _knock(address: str) -> None:
    """Raise ``OSError`` where nobody listens: Ray itself would try for many minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), KNOCKING_S).close()
