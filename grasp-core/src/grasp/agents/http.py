"""What every endpoint behind the ``openai`` SDK has in common: send, judge, try again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from grasp.agents import wire
from grasp.agents.deadline import deadline
from grasp.agents.faults import Refusal, judge, refusal
from grasp.agents.lanes import WIDTH, Lanes
from grasp.agents.pricing import price_of
from grasp.agents.retry import Retrier, Transient
from grasp.agents.secret import public_url, scrub
from grasp.agents.settings import Settings
from grasp.agents.window import Window
from grasp.contracts import AgentError, Completion, EndpointError, ModelCall

#: Tries after an answer without content; more of the same rarely helps.
EMPTY_RETRIES = 2

_CONNECT_TIMEOUT = 10.0


def http_client(timeout: float) -> Any:
    """Return an HTTP client of the SDK that keeps a lane's connections; it verifies TLS."""
    import openai

    limits = type(openai.DEFAULT_CONNECTION_LIMITS)(
        max_connections=2 * WIDTH, max_keepalive_connections=2 * WIDTH
    )
    return openai.DefaultHttpxClient(
        limits=limits, timeout=sdk_timeout(timeout), event_hooks=deadline(timeout)
    )


def sdk_timeout(seconds: float) -> Any:
    """Return the SDK's time-out object: unreachable hosts are noticed early."""
    import openai

    return openai.Timeout(seconds, connect=min(seconds, _CONNECT_TIMEOUT))


class HttpBackend:
    """Answers calls over HTTP. Subclasses say what is sent and how an answer is read.

    Args:
        settings: The expanded preset.
        client: An SDK client with its own retries off.
        retrier: Replaces the one made from the settings (tests).
        headers: Headers made anew for each request, such as a token that expires.
        endpoint: Address for the identity; the settings' base URL by default.

    A subclass names its ``path``. A feature that an endpoint refuses and the caller can do
    without (structured output, stop sequences) is left out afterwards: the same for every
    call with that feature, whatever the order of the calls.
    """

    path = ""

    def __init__(
        self,
        settings: Settings,
        client: Any,
        *,
        retrier: Retrier | None = None,
        headers: Callable[[], Mapping[str, str]] | None = None,
        endpoint: str = "",
    ) -> None:
        import openai

        self._sdk = openai
        self._settings = settings
        self._lanes = Lanes(client, lambda: http_client(settings.timeout))
        self._retrier = retrier or Retrier(settings.max_retries, settings.retry_cap)
        self.window = Window()
        self._headers = headers
        self._endpoint = public_url(endpoint or settings.base_url)
        self._where = f"{settings.preset} ({self._endpoint})"
        self._price = price_of(settings.model, settings.prices)
        self._without: set[str] = set()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.preset!r}, {self._settings.model!r})"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Backend, model, endpoint and parameters; no secret."""
        return {
            "backend": self._settings.api,
            "model": self._settings.model,
            "endpoint": self._endpoint,
            "parameters": self._parameters(),
        }

    def stop_retrying(self) -> None:
        """Make calls that wait for another try or for room raise ``Cancelled``."""
        self._retrier.close()
        self.window.close()

    def close(self) -> None:
        """Close the connections; a call that waits to try again raises ``Cancelled``."""
        self.stop_retrying()
        self._lanes.close()

    def complete(self, call: ModelCall) -> Completion:
        """Answer one call.

        Raises:
            ContextLimitError: The prompt is too long.
            ContentFilterError: The endpoint refused to answer.
            AgentSetupError: Every call would fail: key, model or address is wrong.
            EndpointError: All tries failed, or the request is not valid.
        """
        return self._retrier.run(lambda: self._admitted(call))

    # -- for subclasses ----------------------------------------------------------------

    def _parameters(self) -> dict[str, Any]:
        raise NotImplementedError

    def _request(self, call: ModelCall) -> dict[str, Any]:
        raise NotImplementedError

    def _read(self, data: Mapping[str, Any], call: ModelCall) -> Completion:
        raise NotImplementedError

    def _adapt(self, answer: Refusal, request: dict[str, Any], call: ModelCall) -> ModelCall | None:
        """Note what the endpoint does not take; return the call to send instead, if any."""
        if call.schema is not None and answer.mentions(*wire.SCHEMA_WORDS):
            mark = wire.schema_mark(call.schema)
            if mark not in self._without:
                self._without.add(mark)
                return call
        return None

    def _schema(self, call: ModelCall) -> dict[str, Any] | None:
        """Return the ``json_schema`` object of a call, unless the endpoint refused it."""
        if call.schema is None or wire.schema_mark(call.schema) in self._without:
            return None
        return wire.response_format(call.schema)

    # -- one try -----------------------------------------------------------------------

    def _admitted(self, call: ModelCall) -> Completion:
        with self.window.call() as ticket:
            try:
                completion = self._attempt(call)
            except Transient as fault:
                if fault.error.kind == "rate_limit" or fault.after is not None:
                    ticket.refused(fault.after)
                raise
            ticket.answered()
            return completion

    def _attempt(self, call: ModelCall) -> Completion:
        for _ in range(8):
            request = self._request(call)
            try:
                data = self._exchange(request)
            except Refusal as answer:
                other = self._adapt(answer, request, call) if answer.status in (400, 422) else None
                if other is None:
                    raise judge(answer, self._where, self._retrier.now()) from None
                call = other
                continue
            completion = self._read(data, call)
            return Completion(
                completion.text,
                self._price.charge(completion.usage),
                completion.tool_calls,
                completion.finish_reason,
            )
        raise EndpointError(f"{self._where}: refuses every form of the request", kind="bad_request")

    def _exchange(self, request: dict[str, Any]) -> Mapping[str, Any]:
        sdk = self._sdk
        body = {**request, **self._settings.extra}
        options = {} if self._headers is None else {"headers": dict(self._headers())}
        try:
            # The SDK's way for a plain body: its typed methods take as long as the HTTP.
            with self._lanes.client() as client:
                content = client.post(self.path, cast_to=str, body=body, options=options)
        except sdk.APITimeoutError:
            raise Transient(
                EndpointError(
                    f"{self._where}: no answer within {self._settings.timeout:g} s",
                    "raise the time-out, or lower the concurrency",
                    kind="timeout",
                )
            ) from None
        except sdk.APIConnectionError as error:
            raise Transient(self._unreachable(error)) from None
        except sdk.APIStatusError as error:
            raise self._refused(error) from None
        except AgentError:
            raise
        except (sdk.OpenAIError, ValueError, TypeError) as error:
            raise EndpointError(
                f"{self._where}: {self._scrub(str(error))}", kind="bad_request"
            ) from None
        try:
            data = json.loads(content)
        except ValueError:
            data = None
        if isinstance(data, Mapping) and data.get("error"):
            raise self._failure(data)
        if not isinstance(data, Mapping):
            raise self._malformed("is not JSON")
        return data

    def _failure(self, data: Mapping[str, Any]) -> Exception:
        """Read an error inside an answer with status 200."""
        return refusal(_status_of(data["error"]), data, {}, self._secrets())

    def _unreachable(self, error: Exception) -> EndpointError:
        cause = error.__cause__
        said = self._scrub(f"{type(cause).__name__}: {cause}" if cause else str(error))
        return EndpointError(
            f"{self._where}: no connection: {said}",
            "is the endpoint running, and its base URL right?",
            kind="connection",
        )

    def _refused(self, error: Any) -> Refusal:
        response = error.response
        return refusal(
            error.status_code,
            error.body if error.body is not None else response.text,
            dict(response.headers),
            self._secrets(),
        )

    def _malformed(self, what: str) -> Transient:
        error = EndpointError(f"{self._where}: the answer {what}", kind="malformed")
        return Transient(error, limit=EMPTY_RETRIES)

    def _empty(self, finish_reason: str) -> Exception:
        if finish_reason == "length":
            return EndpointError(
                f"{self._where}: the model used all its tokens before it answered",
                "raise max_tokens, or lower the reasoning effort",
                kind="empty",
            )
        error = EndpointError(f"{self._where}: the answer is empty", kind="empty")
        return Transient(error, limit=EMPTY_RETRIES)

    def _secrets(self) -> tuple[str, ...]:
        tokens = self._headers().values() if self._headers is not None else ()
        return (*self._settings.secrets, *(t.removeprefix("Bearer ") for t in tokens))

    def _scrub(self, text: str) -> str:
        return scrub(text, self._secrets())


def _status_of(error: Any) -> int:
    """Return the HTTP status that an error inside an answer with status 200 stands for."""
    code = error.get("code") if isinstance(error, Mapping) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 502
