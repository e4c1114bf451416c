"""The outside engines as tests reach them: S3 Vectors as a server on loopback, Qdrant in its local mode."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from qdrant_client import QdrantClient, models

from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.outside.engine import Points, VectorEngine, vector_keys
from finrag_ml_tg1.index.outside.opening import open_engine
from finrag_ml_tg1.index.outside.qdrant import QdrantEngine
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.vector_address import parse_vector_address
from tests.s3_vectors_server import FakeS3Vectors

__all__ = [
    "QDRANT_ADDRESS",
    "S3_ADDRESS",
    "block_outside_network",
    "open_local_qdrant",
    "open_s3_vectors",
    "part_entry",
    "put_part",
    "s3_settings",
]

S3_ADDRESS = "s3vectors://bucket/filings"
QDRANT_ADDRESS = "qdrant+http://127.0.0.1:6333/filings"


def s3_settings(service: FakeS3Vectors) -> dict[str, str]:
    """The settings that reach it, by their names outside."""
    return {
        "AWS_ENDPOINT_URL_S3VECTORS": service.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "tests-secret",
    }


def open_s3_vectors(service: FakeS3Vectors, *, is_filling: bool = False) -> VectorEngine:
    fields: dict[str, Any] = {name.lower(): value for name, value in s3_settings(service).items()}
    return open_engine(S3_ADDRESS, MLConfig(**fields), is_filling=is_filling)


class LocalQdrant(QdrantClient):
    """Qdrant's local mode, which loses vectors that two threads write at once: one at a time. A server does not."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self._write = threading.Lock()

    def upsert(self, *arguments: Any, **options: Any) -> models.UpdateResult:  # noqa: ANN401
        with self._write:
            return super().upsert(*arguments, **options)


@contextmanager
def open_local_qdrant() -> Iterator[VectorEngine]:
    engine = QdrantEngine(LocalQdrant(), parse_vector_address(QDRANT_ADDRESS), is_filling=False)
    yield engine
    engine.close()


def block_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that is not to this machine."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: tuple[str, int]) -> None:
        assert address[0] in {"127.0.0.1", "::1"}, f"a test went out to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)


def part_entry(name: str, rows: int, row_start: int, *, cik: int = 1, fiscal_year: int = 2024) -> PartEntry:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return PartEntry(cik, fiscal_year, sha256, size=1, row_start=row_start, rows=rows)


def put_part(engine: VectorEngine, entry: PartEntry, vectors: npt.NDArray[np.float32]) -> None:
    keys = vector_keys(entry.sha256, entry.rows)
    points = Points(keys, vectors, [entry.cik] * entry.rows, [entry.fiscal_year] * entry.rows)
    for start in range(0, len(points), engine.most_written):
        engine.upsert(points.slice(start, start + engine.most_written))
