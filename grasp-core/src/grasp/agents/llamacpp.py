"""A GGUF model in this process, through xllamacpp (extra ``[llamacpp]``).

One request is computed at a time unless ``parallel`` says otherwise: batches of changing
size change rounding, and with it now and then an answer.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grasp.agents import wire
from grasp.agents.faults import judge, refusal
from grasp.agents.pricing import price_of
from grasp.agents.retry import Transient
from grasp.agents.settings import Settings
from grasp.contracts import (
    AgentError,
    AgentSetupError,
    Cancelled,
    Completion,
    EndpointError,
    ModelCall,
)

_SAMPLE = 1 << 20
_SAMPLES = 16


class LlamaCppBackend:
    """Answers calls with a model in this process. Safe to call from many threads.

    The model is loaded at the first call. A schema becomes a grammar, so that the answer
    satisfies it. With a temperature above 0 the seed comes from the call's scope, so a
    repeat at another place of a run is another draw. What earlier calls left in the prompt
    cache changes rounding: ``extra: {cache_prompt: false}`` makes answers independent of
    it, at the price of reading every prompt anew.

    Args:
        settings: The expanded preset.
        server: Has ``handle_chat_completions(body) -> dict``; xllamacpp's own by default.

    Raises:
        AgentSetupError: There is no such model file.
    """

    def __init__(self, settings: Settings, server: Any = None) -> None:
        self._settings = settings
        self._path = Path(settings.model_path).expanduser()
        if not self._path.is_file():
            raise AgentSetupError(
                f"there is no model file {self._path}",
                "export GRASP_GGUF=… with the path of a GGUF file, or pass model_path=…",
            )
        self._engine = _engine(self._path, settings) if server is None else _Engine(server)
        self._closed = False
        self._where = f"{settings.preset} ({self._path.name})"
        self._price = price_of(settings.model or self._path.stem, settings.prices)
        self._identity = {
            "backend": "llamacpp",
            "model": settings.model or self._path.stem,
            "endpoint": f"gguf:{fingerprint(self._path)}",
            "parameters": settings.parameters("temperature", "max_tokens", "context"),
        }

    def __repr__(self) -> str:
        return f"LlamaCppBackend({self._path.name!r})"

    @property
    def identity(self) -> Mapping[str, Any]:
        """The model file's fingerprint stands for the endpoint; no path."""
        return self._identity

    def complete(self, call: ModelCall) -> Completion:
        """Answer one call.

        Raises:
            ContextLimitError: The prompt does not fit into the context.
            AgentSetupError: The model can't be loaded.
            EndpointError: The model gave no answer.
        """
        with self._engine.slots:
            if self._closed:
                raise Cancelled("the backend was closed")
            data = self._ask(self._request(call))
        if isinstance(data, Mapping) and data.get("error"):
            raise self._failed(data)
        return self._read(data, call)

    def close(self) -> None:
        """Free the model, if nobody else uses it, once the calls under way are answered."""
        if not self._closed:
            self._closed = True
            self._engine.leave()

    def _request(self, call: ModelCall) -> dict[str, Any]:
        settings = self._settings
        request: dict[str, Any] = {
            "messages": wire.chat_messages(call.messages),
            "seed": seed(call.scope),
            "cache_prompt": True,
            **settings.extra,
        }
        if settings.temperature is not None:
            request["temperature"] = settings.temperature
        limit = call.max_tokens or settings.max_tokens
        if limit:
            request["max_tokens"] = limit
        if call.tools:
            request["tools"] = [dict(tool) for tool in call.tools]
        sequences = wire.stops(call, settings.stop)
        if sequences:
            request["stop"] = list(sequences)
        if call.schema is not None:
            request["response_format"] = {
                "type": "json_schema",
                "json_schema": wire.response_format(call.schema),
            }
        return request

    def _ask(self, request: dict[str, Any]) -> Any:
        server = self._engine.server(self._path, self._settings)
        try:
            return server.handle_chat_completions(request)
        except (ValueError, RuntimeError) as error:
            if "response_format" not in request or "schema" not in str(error).lower():
                raise EndpointError(f"{self._where}: {_line(error)}", kind="bad_request") from None
        # A schema that can't be turned into a grammar: the caller reads tolerantly.
        return self._ask({k: v for k, v in request.items() if k != "response_format"})

    def _read(self, data: Any, call: ModelCall) -> Completion:
        try:
            choice = data["choices"][0]
            message = choice["message"]
            text = message.get("content") or ""
        except (KeyError, IndexError, TypeError, AttributeError):
            raise EndpointError(f"{self._where}: the answer has no message") from None
        reason = str(choice.get("finish_reason") or "stop")
        tool_calls = tuple(message.get("tool_calls") or ())
        sequences = wire.stops(call, self._settings.stop)
        if not text.strip() and not tool_calls and not (sequences and reason == "stop"):
            raise EndpointError(f"{self._where}: the answer is empty", kind="empty")
        text, _ = wire.cut_at(text, sequences)
        usage = self._price.charge(wire.read_usage(data.get("usage")))
        return Completion(text, usage, tool_calls, reason)

    def _failed(self, data: Mapping[str, Any]) -> AgentError:
        error = data["error"]
        code = error.get("code") if isinstance(error, Mapping) else None
        status = code if isinstance(code, int) else 400
        verdict = judge(refusal(status, data, {}), self._where, 0.0)
        # Nothing in this process gets better by waiting.
        return verdict.error if isinstance(verdict, Transient) else verdict


class _Engine:
    """A loaded model, shared by the backends that differ only in how they sample.

    So a writer with another temperature does not load the model a second time.
    """

    def __init__(self, server: Any = None, parallel: int = 1) -> None:
        self.slots = threading.BoundedSemaphore(parallel)
        self.users = 1
        self._server = server
        self._lock = threading.Lock()

    def server(self, path: Path, settings: Settings) -> Any:
        with self._lock:
            if self._server is None:
                self._server = start_server(path, settings)
            return self._server

    def leave(self) -> None:
        with _ENGINES_LOCK:
            self.users -= 1
            if self.users:
                return
            for key in [k for k, engine in _ENGINES.items() if engine is self]:
                del _ENGINES[key]
        with self._lock:
            self._server = None


_ENGINES: dict[tuple[Any, ...], _Engine] = {}
_ENGINES_LOCK = threading.Lock()


def _engine(path: Path, settings: Settings) -> _Engine:
    parallel = max(1, settings.parallel)
    key = (path.resolve(), settings.context, settings.threads, parallel)
    with _ENGINES_LOCK:
        engine = _ENGINES.get(key)
        if engine is None:
            engine = _ENGINES[key] = _Engine(parallel=parallel)
        else:
            engine.users += 1
        return engine


def start_server(path: Path, settings: Settings) -> Any:
    """Load a model.

    The library serves it on a port of the loopback interface, too; a key that nobody
    knows keeps other users of the machine out.

    Raises:
        AgentSetupError: It can't be loaded.
    """
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parallel = max(1, settings.parallel)
    parameters.n_parallel = parallel
    if settings.context:
        parameters.n_ctx = settings.context * parallel
    if settings.threads:
        parameters.cpuparams.n_threads = settings.threads
        parameters.cpuparams_batch.n_threads = settings.threads
    parameters.api_keys = [secrets.token_urlsafe(24)]
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.warmup = False
    parameters.verbosity = -1
    try:
        return xllamacpp.Server(parameters)
    except (RuntimeError, ValueError) as error:
        raise AgentSetupError(
            f"the model {path.name} can't be loaded: {_line(error)}",
            "is it a whole GGUF file, and is there enough memory?",
        ) from None


def seed(scope: str) -> int:
    """Return the seed of a place in a run: 31 bits of the scope's digest."""
    return int.from_bytes(hashlib.sha256(scope.encode("utf-8")).digest()[:4], "big") >> 1


def fingerprint(path: Path) -> str:
    """Return a digest of a file's size and of samples spread over it: quick for gigabytes."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode("ascii"))
    with path.open("rb") as file:
        for i in range(_SAMPLES):
            file.seek(max(0, (size - _SAMPLE) * i // (_SAMPLES - 1)))
            digest.update(file.read(_SAMPLE))
            if size <= _SAMPLE:
                break
    return digest.hexdigest()[:32]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def open_llamacpp(settings: Settings) -> LlamaCppBackend:
    """Build the backend of a GGUF file."""
    return LlamaCppBackend(settings)
