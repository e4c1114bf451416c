"""The service for tests: served for real on loopback, from a thread."""

from __future__ import annotations

import hashlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from coding_agent.agent.language_model import LanguageModel
from coding_agent.agent.models.build import build_model
from coding_agent.api.service import Service
from coding_agent.backend import create_app
from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.store import JobStore
from coding_agent.settings import Settings

__all__ = ["Running", "a_key", "digest_of", "running", "served", "some_settings"]

_PATIENCE_S = 30.0


def a_key() -> str:
    """Return a new API key."""
    return secrets.token_urlsafe(32)


def digest_of(name: str, key: str) -> str:
    """Return the entry of the settings for a key."""
    return f"{name}:{hashlib.sha256(key.encode()).hexdigest()}"


def some_settings(folder: Path, **changes: object) -> Settings:
    """Return settings for tests: no workers, one owner's repositories, a store in the folder."""
    values: Mapping[str, object] = {
        "store": f"sqlite:///{folder / 'jobs.db'}",
        "workers": 0,
        "repositories": ("acme/*",),
        "rate_limit_per_key": "1000/minute",
        "rate_limit_per_repository": "1000/hour",
        "github_api_url": "http://127.0.0.1:9",
        **changes,
    }
    return Settings.model_validate(values)


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs: how to ask it, and what it works with."""

    client: httpx.Client
    store: JobStore
    settings: Settings
    service: Service
    url: str


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application by uvicorn on a free port of loopback, and yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        config = uvicorn.Config(app, log_config=None, proxy_headers=False, timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn")
        thread.start()
        try:
            deadline = time.monotonic() + _PATIENCE_S
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert server.started
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE_S)
            assert not thread.is_alive()


@contextmanager
def running(
    settings: Settings, *, key: str | None = None, open_model: Callable[[Settings], LanguageModel] = build_model
) -> Iterator[Running]:
    """Serve the coding agent with these settings; the client sends the key."""
    store = open_store(settings)
    app = create_app(settings, store, open_model=open_model)
    headers = {} if key is None else {"X-API-Key": key}
    with (
        served(app) as url,
        httpx.Client(base_url=url, headers=headers, timeout=_PATIENCE_S, trust_env=False) as client,
    ):
        yield Running(client, store, settings, app.state.service, url)
