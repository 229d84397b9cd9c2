"""The FHIR side of a task: where rollouts and graders read, and where posts go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from grasp.contracts import ConfigError, TaskError
from grasp_medagentbench.cohort import Cohort
from grasp_medagentbench.environment import Reading, Writing
from grasp_medagentbench.facts import BASE_URL
from grasp_medagentbench.fhir import EmbeddedClient, FhirConnectionError, HttpClient, Store
from grasp_medagentbench.graders import Chart


class World(Protocol):
    """Safe to use from many threads."""

    @property
    def base_url(self) -> str:
        """Address that the agent is told, ending in ``/``."""
        ...

    @property
    def chart(self) -> Chart:
        """What graders read; never sees what an episode wrote."""
        ...

    def environment(self) -> Reading:
        """Return what answers one episode."""
        ...

    def check(self) -> None:
        """Make sure that requests will be answered.

        Raises:
            TaskError: They won't.
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class EmbeddedWorld:
    """A cohort in this process; built when it is first needed.

    Args:
        build: Returns the cohort.
        writable: Every episode writes to an overlay of its own.
        as_python: See ``environment.Reading``.
    """

    base_url = BASE_URL

    def __init__(self, build: Callable[[], Cohort], *, writable: bool, as_python: bool) -> None:
        self._build = build
        self._writable = writable
        self._as_python = as_python
        self._lock = threading.Lock()
        self._built: tuple[Cohort, Store, Chart] | None = None

    @property
    def cohort(self) -> Cohort:
        """The charts."""
        return self._all()[0]

    @property
    def store(self) -> Store:
        """The charts as a FHIR store."""
        return self._all()[1]

    @property
    def chart(self) -> Chart:
        """See ``World``."""
        return self._all()[2]

    def environment(self) -> Reading:
        """See ``World``; each episode has an overlay and result pages of its own."""
        client = EmbeddedClient(self.store.overlay(), self.base_url)
        kind = Writing if self._writable else Reading
        return kind(client, as_python=self._as_python)

    def check(self) -> None:
        """See ``World``."""
        self._all()

    def close(self) -> None:
        """See ``World``."""

    def _all(self) -> tuple[Cohort, Store, Chart]:
        with self._lock:
            if self._built is None:
                cohort = self._build()
                store = Store.from_resources(cohort.resources)
                client = EmbeddedClient(store, self.base_url)
                chart = Chart(client, self.base_url, frozen=True)
                self._built = cohort, store, chart
            return self._built


class RemoteWorld:
    """A FHIR server that somebody runs; it is only read.

    Args:
        base_url: Its address.
        as_python: See ``environment.Reading``.
        task: Whose patients it should have, for messages.

    Raises:
        ConfigError: The address is none.
    """

    def __init__(self, base_url: str, *, as_python: bool, task: str = "medagentbench") -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError(
                f"fhir_base_url {base_url!r} is not an http address",
                f"for example {BASE_URL}",
            )
        self.base_url = base_url.rstrip("/") + "/"
        self._client = HttpClient(self.base_url)
        self._as_python = as_python
        self._task = task
        self.chart = Chart(self._client, self.base_url)

    def environment(self) -> Reading:
        """See ``World``."""
        return Reading(self._client, as_python=self._as_python)

    def check(self) -> None:
        """See ``World``."""
        hint = (
            f"start it with: grasp medagentbench serve --task {self._task}, "
            "or leave fhir_base_url out"
        )
        try:
            response = self._client.request("GET", f"{self.base_url}metadata")
        except FhirConnectionError as error:
            raise TaskError(error.message, hint) from error
        if response.status != 200:
            raise TaskError(f"{self.base_url} is not a FHIR server: {response.error_text}", hint)

    def close(self) -> None:
        """See ``World``."""
        self._client.close()
