"""The store over HTTP, for ``curl``, browsers and clients in other languages.

It listens on loopback unless told otherwise and has no authentication: it is a test
bench, not a clinical server.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

from grasp_medagentbench.fhir.errors import FhirConnectionError
from grasp_medagentbench.fhir.message import FhirResponse
from grasp_medagentbench.fhir.parsing import Parsing
from grasp_medagentbench.fhir.service import FhirService
from grasp_medagentbench.fhir.store import Overlay, Store

ROOT = "/fhir"
_LONGEST_BODY = 16 * 1024 * 1024


class FhirServer:
    """A running server; as a context manager it stops at the end of the block.

    Args:
        store: A store, which is then written to in an overlay of this server's own, or
            an overlay.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        parsing: How strictly the bodies of POST and PUT are read.

    Raises:
        FhirConnectionError: The port is taken or not allowed.
    """

    def __init__(
        self,
        store: Store | Overlay,
        host: str = "127.0.0.1",
        port: int = 0,
        parsing: Parsing = "strict",
    ) -> None:
        self.overlay = store if isinstance(store, Overlay) else store.overlay()
        try:
            self._http = _Server((host, port), _Handler)
        except OSError as error:
            raise FhirConnectionError(
                f"can't listen on {host}:{port}: {error.strerror or error}",
                "Choose another port, or 0 for any free one",
            ) from None
        self.port: int = self._http.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        self.base_url = f"http://{shown}:{self.port}{ROOT}/"
        self._http.service = FhirService(self.overlay, self.base_url, parsing)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def wait(self) -> None:
        """Block until another thread closes the server."""
        self._thread.join()

    def close(self) -> None:
        """Stop listening and finish; safe to call twice."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> FhirServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def serve(
    store: Store | Overlay,
    host: str = "127.0.0.1",
    port: int = 0,
    parsing: Parsing = "strict",
) -> FhirServer:
    """Start answering under ``http://host:port/fhir/``; see ``FhirServer``."""
    return FhirServer(store, host, port, parsing)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    service: FhirService


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 60
    # One packet an answer, sent at once: else Nagle's algorithm and delayed
    # acknowledgements add 40 ms to every request.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: libraries don't print."""

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            return
        parts = urlsplit(self.path)
        method = "GET" if self.command == "HEAD" else self.command
        if parts.path == ROOT or parts.path.startswith(ROOT + "/"):
            answer = self.server.service.handle(method, parts.path[len(ROOT) :], parts.query, body)
        else:
            answer = FhirResponse(404, "", "text/plain;charset=utf-8", "Not Found")
        self._send(answer)

    def _body(self) -> bytes | None:
        """The request's body; None where the request was refused and answered."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            self._refuse(411, "Length Required")
            return None
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit():
            self._refuse(400, "Bad Content-Length")
            return None
        if int(length) > _LONGEST_BODY:
            self._refuse(413, "Payload Too Large")
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: int, text: str) -> None:
        self.close_connection = True
        self._send(FhirResponse(status, text, "text/plain;charset=utf-8", text))

    def _send(self, answer: FhirResponse) -> None:
        data = answer.text.encode("utf-8", "replace")
        self.send_response(answer.status, answer.reason)
        headers = {"Content-Type": answer.content_type, **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
