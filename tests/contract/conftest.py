"""One back end on the sample index for all contract tests, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.served_stores import served_store
from tests.local_processes import Server, serve_backend
from tests.s3_server import moto_endpoint
from tests.sample_index import sample_store

__all__ = ["moto_endpoint", "sample_store", "served_store"]

Json = dict[str, Any]

EMPLOYEES = "How many employees does Orquenna have in fiscal 2024?"


@pytest.fixture(scope="session")
def backend(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_backend(str(sample_store), tmp_path_factory.mktemp("backend")) as server:
        yield server


@pytest.fixture(scope="session")
def client(backend: Server) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=backend.url, trust_env=False, timeout=30, limits=httpx.Limits(max_connections=None)
    ) as opened:
        yield opened


@pytest.fixture(scope="session")
def answered(client: httpx.Client) -> Json:
    """The response to a question that the sample filings answer in prose."""
    body: Json = client.post("/query", json={"question": EMPLOYEES}).raise_for_status().json()
    return body
