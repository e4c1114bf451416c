"""The platform on loopback, a client with passing time, and the descriptor."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from pydantic import SecretStr

from finrag_ml_tg1.operations.sevalla.client import SevallaClient
from tests.sevalla_server import SevallaServer, serving_sevalla
from tests.unit.operations.sevalla.matching_descriptor import write_descriptor
from tests.unit.operations.sevalla.passing_time import PassingTime


@pytest.fixture(scope="session")
def token() -> str:
    return f"svl_{secrets.token_hex(32)}"


@pytest.fixture
def sevalla(token: str) -> Iterator[SevallaServer]:
    with serving_sevalla(token) as server:
        yield server


@pytest.fixture
def time() -> PassingTime:
    return PassingTime()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def client(sevalla: SevallaServer, token: str, time: PassingTime, said: list[str]) -> SevallaClient:
    timeout = urllib3.Timeout(connect=1.0, read=0.2)
    return SevallaClient(sevalla.url, SecretStr(token), said.append, time.clock, timeout)


@pytest.fixture
def descriptor_path(tmp_path: Path) -> Path:
    return write_descriptor(tmp_path)
