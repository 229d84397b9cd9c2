"""Serves a run's page while the run goes on."""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from grasp.contracts import GraspError, RunError
from grasp.report.html.reading import run_page
from grasp.runs.rundir import RunDirectory

#: Only this machine: traces may hold what nobody else should read.
HOST = "127.0.0.1"


def version(directory: RunDirectory) -> str:
    """Return what a run's page is made of now; another text once the run has gone on."""
    sizes = []
    for file in (directory.journal_file, directory.scores_file):
        try:
            sizes.append(str(file.stat().st_size))
        except OSError:
            sizes.append("0")
    return "-".join(sizes)


class LivePage:
    """A run's page, made anew when the run has gone on. Thread-safe."""

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._made_of = ""
        self._html = b""

    @property
    def version(self) -> str:
        """See ``version``."""
        return version(self._directory)

    def html(self) -> bytes:
        """Return the page.

        Raises:
            RunError: The run can't be read.
        """
        with self._lock:
            now = self.version
            if now != self._made_of:
                self._html = run_page(self._directory.path, live=now).encode()
                self._made_of = now
            return self._html


def server(directory: RunDirectory, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a run's page on this machine; ``serve_forever`` runs it.

    Args:
        directory: The run.
        port: Where; 0 takes a free one.

    Raises:
        RunError: The port is taken.
    """
    live = LivePage(directory)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._is_local():
                self._send(HTTPStatus.FORBIDDEN, b"only for this machine", "text/plain")
            elif self.path == "/version":
                self._send(HTTPStatus.OK, live.version.encode(), "text/plain")
            elif self.path == "/":
                try:
                    self._send(HTTPStatus.OK, live.html(), "text/html; charset=utf-8")
                except GraspError as error:
                    self._send(HTTPStatus.SERVICE_UNAVAILABLE, error.message.encode(), "text/plain")
            else:
                self._send(HTTPStatus.NOT_FOUND, b"there is only /", "text/plain")

        def _is_local(self) -> bool:
            # A page elsewhere may point a name of its own at this machine to read the answer.
            name = self.headers.get("Host", "").rpartition(":")[0]
            return name in (HOST, "localhost")

        def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    try:
        return ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        raise RunError(
            f"can't serve on port {port}: {error.strerror}", "choose another with --port"
        ) from None
