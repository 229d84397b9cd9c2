"""Where an episode's resources come from: made here, the official files, or a server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from grasp.contracts import TaskError
from grasp_fhir_agentbench import synth
from grasp_fhir_agentbench.connection import FhirReader, RequestFailed, connect
from grasp_fhir_agentbench.local import LocalStore
from grasp_fhir_agentbench.records import Record
from grasp_medagentbench.fhir import EmbeddedClient, FhirClient, FhirConnectionError, Store


class World(Protocol):
    """Safe to use from many threads."""

    @property
    def kind(self) -> str:
        """What it is, for a run's record; without secrets."""
        ...

    def reader(self) -> FhirReader:
        """Return what answers one episode."""
        ...

    def check(self, records: Sequence[Record]) -> None:
        """Make sure that requests will be answered, and that the first patients are there.

        Raises:
            TaskError: They won't, or are not.
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class EmbeddedWorld:
    """The synthetic hospital in this process, built when it is first needed."""

    kind = "embedded"

    def __init__(self, seed: int, patients: int) -> None:
        self._seed, self._patients = seed, patients

    @property
    def store(self) -> Store:
        """The hospital as a FHIR store."""
        return _store(self._seed, self._patients)

    def reader(self) -> FhirReader:
        """See ``World``; each episode has result pages of its own."""
        return FhirReader(EmbeddedClient(self.store.overlay()))

    def check(self, records: Sequence[Record]) -> None:
        """See ``World``."""
        self.reader()

    def close(self) -> None:
        """See ``World``."""


_building = threading.Lock()


def _store(seed: int, patients: int) -> Store:
    with _building:
        return _built_store(seed, patients)


@lru_cache(maxsize=2)
def _built_store(seed: int, patients: int) -> Store:
    return Store.from_resources(synth.resources(synth.charts(seed, patients)))


class ClientWorld:
    """A server, or the official files.

    Args:
        kind: See ``World``.
        open_client: Makes the client, when it is first needed.
    """

    def __init__(self, kind: str, open_client: Callable[[], FhirClient]) -> None:
        self.kind = kind
        self._open = open_client
        self._client: Any = None
        self._lock = threading.Lock()

    def reader(self) -> FhirReader:
        """See ``World``."""
        with self._lock:
            if self._client is None:
                self._client = self._open()
            return FhirReader(self._client)

    def check(self, records: Sequence[Record]) -> None:
        """See ``World``."""
        reader = self.reader()
        wanted = list(dict.fromkeys(r["patient_fhir_id"] for r in records))[:40]
        try:
            found = {p["id"] for p in reader.by_ids("Patient", wanted)}
        except RequestFailed as error:
            raise TaskError(
                f"{self.kind} doesn't let patients be searched: {error}",
                "is it a FHIR R4 server's base address, and is FHIR_TOKEN valid?",
            ) from None
        except FhirConnectionError as error:
            raise TaskError(error.message, error.hint) from None
        missing = [p for p in wanted if p not in found]
        if missing:
            raise TaskError(
                f"{self.kind} lacks {len(missing)} of {len(wanted)} patients, such as {missing[0]}",
                "load MIMIC-IV Clinical Database Demo on FHIR 2.1.0 into it",
            )

    def close(self) -> None:
        """See ``World``."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


def server(base_url: str) -> ClientWorld:
    """Return a server's world; see ``connection.connect``."""
    parts = urlsplit(base_url)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    client = connect(base_url)
    return ClientWorld(shown, lambda: client)


def folder(path: Path) -> ClientWorld:
    """Return the world of a folder of official files; indexed when it is first needed."""
    return ClientWorld("files", lambda: LocalStore(path))
