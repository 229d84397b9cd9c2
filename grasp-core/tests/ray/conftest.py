"""A Ray cluster of two machines, both of them here, for every test of this folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from .. import toys
from . import marked


@pytest.fixture(scope="session")
def two_nodes() -> Iterator[str]:
    """Start two nodes with a CPU each; yields the address."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    yield cluster.address
    cluster.shutdown()


@pytest.fixture
def cluster(two_nodes: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have runs find the cluster, and workers find what the tests define."""
    import ray
    from ray import cloudpickle

    monkeypatch.setenv("RAY_ADDRESS", two_nodes)
    modules: list[Any] = [toys, marked]
    for module in modules:
        cloudpickle.register_pickle_by_value(sys.modules[module.__name__])
    yield two_nodes
    for module in modules:
        cloudpickle.unregister_pickle_by_value(sys.modules[module.__name__])
    assert not ray.is_initialized(), "a run leaves no connection behind"
