"""Azure's and Vertex AI's shapes of chat completions."""

from __future__ import annotations

import threading
from types import ModuleType, SimpleNamespace

import pytest

from grasp.agents import google
from grasp.agents.google import BearerToken
from grasp.agents.google import endpoint as vertex_endpoint
from grasp.contracts import AgentSetupError, EndpointError

KEY = "sk-test-0123456789abcdef"


def test_azure_addresses_the_deployment(endpoint, backend, ask, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.invalid")
    endpoint.says("hi")
    model = backend("gpt4")
    assert model.complete(ask()).text == "hi"
    (request,) = endpoint.requests
    assert request.path == "/openai/deployments/gpt-4.1/chat/completions?api-version=2025-01-01"
    assert request.headers["api-key"] == KEY
    assert (request.body["temperature"], request.body["max_tokens"]) == (0.0, 32768)
    assert model.identity["model"] == "gpt-4.1"
    assert model.identity["endpoint"] == endpoint.origin


def test_azure_content_filter(endpoint, backend, ask, reply) -> None:
    from grasp.contracts import ContentFilterError

    body = {"error": {"message": "The response was filtered due to the prompt triggering Azure "
            "OpenAI's content management policy.", "code": "content_filter"}}  # fmt: skip
    endpoint.says(reply(400, body))
    with pytest.raises(ContentFilterError):
        backend("gpt4").complete(ask())


class Credentials:
    """Expires after each use, as the refresh counter shows."""

    def __init__(self) -> None:
        self.valid = False
        self.token = ""
        self.refreshed = 0
        self.error: Exception | None = None

    def refresh(self, request: object) -> None:
        if self.error:
            raise self.error
        self.refreshed += 1
        self.token = f"ya29-secret-token-{self.refreshed}"
        self.valid = True


def test_vertex_sends_a_token_that_is_renewed(endpoint, backend, ask) -> None:
    endpoint.says("hi")
    credentials = Credentials()
    token = BearerToken(credentials, request=object)
    model = backend("gemini", token=token, base_url=endpoint.url)
    model.complete(ask())
    model.complete(ask())
    credentials.valid = False
    model.complete(ask())
    sent = [r.headers["authorization"] for r in endpoint.requests]
    assert sent == [f"Bearer ya29-secret-token-{i}" for i in (1, 1, 2)]
    assert endpoint.requests[0].body["model"] == "google/gemini-3.1-flash-lite"
    assert endpoint.requests[0].body["max_tokens"] == 32768
    assert "secret" not in repr(token) + repr(model.identity)


def test_a_token_the_endpoint_echoes_is_scrubbed(endpoint, backend, ask, reply) -> None:
    endpoint.says(reply(403, {"error": {"message": "ya29-secret-token-1 may not"}}))
    token = BearerToken(Credentials(), request=object)
    with pytest.raises(AgentSetupError) as caught:
        backend("gemini", token=token, base_url=endpoint.url).complete(ask())
    assert "ya29" not in str(caught.value)


def test_the_endpoint_follows_project_and_region(backend) -> None:
    model = backend("gemini", token=BearerToken(Credentials()), location="europe-west4")
    assert model.identity["endpoint"] == vertex_endpoint("p", "europe-west4")
    assert vertex_endpoint("p", "europe-west4").startswith("https://europe-west4-aiplatform.")
    assert vertex_endpoint("p", "global").startswith("https://aiplatform.")


def test_one_refresh_for_many_threads() -> None:
    credentials = Credentials()
    token = BearerToken(credentials, request=object)
    threads = [threading.Thread(target=token.headers) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert credentials.refreshed == 1


class GoogleAuthError(Exception):
    retryable = False


@pytest.fixture
def google_auth(monkeypatch) -> SimpleNamespace:
    """A stand-in for google-auth, which need not be installed."""
    found = SimpleNamespace(error=None, scopes=None, credentials=Credentials())

    def default(scopes: list[str]) -> tuple[object, str]:
        found.scopes = scopes
        if found.error:
            raise found.error
        return found.credentials, "project"

    modules = {name: ModuleType(name) for name in (
        "google", "google.auth", "google.auth.exceptions", "google.auth.transport",
        "google.auth.transport.requests",
    )}  # fmt: skip
    modules["google.auth"].default = default  # type: ignore[attr-defined]
    modules["google"].auth = modules["google.auth"]  # type: ignore[attr-defined]
    modules["google.auth.exceptions"].GoogleAuthError = GoogleAuthError  # type: ignore[attr-defined]
    modules["google.auth.transport.requests"].Request = object  # type: ignore[attr-defined]
    for name, module in modules.items():
        monkeypatch.setitem(__import__("sys").modules, name, module)
    return found


def test_application_default_credentials(google_auth) -> None:
    token = BearerToken()
    assert token.headers() == {"Authorization": "Bearer ya29-secret-token-1"}
    assert google_auth.scopes == [google._SCOPE]


def test_no_credentials_says_how_to_get_them(google_auth) -> None:
    google_auth.error = GoogleAuthError("none\nfound")
    with pytest.raises(AgentSetupError, match="none found") as caught:
        BearerToken()
    assert caught.value.hint == "gcloud auth application-default login"


def test_a_refused_refresh_is_fatal_a_failed_one_is_not(google_auth) -> None:
    token = BearerToken()
    google_auth.credentials.error = GoogleAuthError("revoked")
    with pytest.raises(AgentSetupError, match="revoked"):
        token.headers()
    google_auth.credentials.error.retryable = True
    with pytest.raises(EndpointError):
        token.headers()


def test_without_google_auth_own_credentials_still_work(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "google.auth.exceptions", None)
    assert BearerToken(Credentials(), request=object).headers()
