"""The vectors in Amazon S3 Vectors, through boto3.

What the service allows, as of November 2026: 500 vectors and 20 MiB a PutVectors call, 500 keys a DeleteVectors call,
100 a GetVectors call, 2,500 vectors written a second, 2 billion an index (Amazon S3 User Guide, "Limitations and
restrictions"); up to 10,000 results of a QueryVectors call, in pages ("What's new", 16 June 2026); float32 alone, of 1
to 4,096 values, none all zeros, with cosine or Euclidean distances (service model 2025-07-15 of botocore 1.44.5).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from finrag_ml_tg1.errors import VectorIndexError
from finrag_ml_tg1.index.outside.engine import COSINE, EngineState, Near, Points
from finrag_ml_tg1.index.outside.s3_vectors_errors import explain, is_not_found
from finrag_ml_tg1.index.vector_index import Floats
from finrag_ml_tg1.loaders.aws_session import open_session
from finrag_ml_tg1.loaders.vector_address import VectorAddress

if TYPE_CHECKING:
    from mypy_boto3_s3vectors import S3VectorsClient

    from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["S3VectorsEngine"]

_MOST_WRITTEN = 500
_MOST_READ = 100
_MOST_FOUND = 10_000
_MOST_BYTES = 20 * 2**20
_BYTES_OF_VALUE = 26  # of a float32 as JSON writes it: a sign, up to 20 digits, an exponent, a comma
_BYTES_OF_REST = 256
_CONNECTIONS = 8


class S3VectorsEngine:
    """Implements VectorEngine over one index of a vector bucket. The bucket is its owner's to make.

    A question waits no longer than a few seconds; `is_filling` waits and repeats until the service has time.
    """

    def __init__(self, address: VectorAddress, config: MLConfig, *, is_filling: bool) -> None:
        self._address = address
        self._config = config
        self._is_filling = is_filling
        self._names: dict[str, Any] = {"vectorBucketName": address.place, "indexName": address.index}
        self._client: S3VectorsClient | None = None
        self._lock = threading.Lock()
        self._most_written = _MOST_WRITTEN

    @property
    def address(self) -> str:
        """The address it was opened by: `s3vectors://bucket/index`."""
        return self._address.text

    @property
    def most_written(self) -> int:
        """How many vectors one call may write or delete; fewer of very long vectors."""
        return self._most_written

    @property
    def most_found(self) -> int:
        """How many vectors one search may return."""
        return _MOST_FOUND

    def describe(self) -> EngineState | None:
        """Return how the index is made, None when there is none; it is known by when it was made."""
        with self._explained("GetIndex") as client:
            try:
                made = client.get_index(**self._names)["index"]
            except ClientError as error:
                if is_not_found(error):
                    return None
                raise
        self._most_written = min(_MOST_WRITTEN, _MOST_BYTES // (made["dimension"] * _BYTES_OF_VALUE + _BYTES_OF_REST))
        return EngineState(made["dimension"], made["distanceMetric"], made["creationTime"].isoformat())

    def create(self, dimension: int) -> EngineState:
        """Make the index in its bucket, for cosines."""
        with self._explained("CreateIndex") as client:
            client.create_index(**self._names, dataType="float32", dimension=dimension, distanceMetric=COSINE)
        state = self.describe()
        if state is None:
            raise VectorIndexError(f"{self.address} was made and is not there: run the command again")
        return state

    def upsert(self, points: Points) -> None:
        """Write vectors, in place of those of the same keys; at most `most_written`."""
        rows = zip(points.keys, points.vectors, points.ciks, points.fiscal_years, strict=True)
        with self._explained("PutVectors") as client:
            client.put_vectors(
                **self._names,
                vectors=[
                    {"key": key, "data": {"float32": vector.tolist()}, "metadata": {"cik": cik, "fiscal_year": year}}
                    for key, vector, cik, year in rows
                ],
            )

    def delete(self, keys: Sequence[str]) -> None:
        """Remove vectors; no error for those that are not there; at most `most_written`."""
        with self._explained("DeleteVectors") as client:
            client.delete_vectors(**self._names, keys=keys)

    def search(self, query: Floats, count: int, ciks: Collection[int], fiscal_years: Collection[int]) -> Near:
        """Return the `count` nearest of those within the filter.

        An index of the mode CLASSIC would apply the filter to what it finds on its way, and find too few: with a filter
        the mode ENHANCED is asked for, which applies it before.
        """
        request: dict[str, Any] = {
            **self._names,
            "topK": count,
            "queryVector": {"float32": query.tolist()},
            "returnDistance": True,
        }
        wanted = _filter(ciks, fiscal_years)
        if wanted is not None:
            request |= {"filter": wanted, "queryMode": "ENHANCED"}
        keys: list[str] = []
        distances: list[float] = []
        with self._explained("QueryVectors") as client:
            for page in client.get_paginator("query_vectors").paginate(**request):
                if page["distanceMetric"] != COSINE:
                    raise VectorIndexError(f"{self.address} measures no cosines: choose another index")
                keys += [found["key"] for found in page["vectors"]]
                distances += [found["distance"] for found in page["vectors"]]
        return Near(keys, 1 - np.array(distances, dtype=np.float32))

    def similarities(self, query: Floats, keys: Sequence[str]) -> Floats:
        """Return the exact cosine of each, from the vectors as they are kept."""
        chunks = [keys[start : start + _MOST_READ] for start in range(0, len(keys), _MOST_READ)]
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            found = dict(pair for pairs in pool.map(self._vectors, chunks) for pair in pairs)
        lacking = sum(key not in found for key in keys)
        if lacking:
            raise VectorIndexError(f"{self.address} lacks {lacking} vectors of the index: run `finrag vectors sync`")
        vectors = np.array([found[key] for key in keys], dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
        return np.asarray(vectors @ query / np.maximum(norms, np.finfo(np.float32).tiny), dtype=np.float32)

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _vectors(self, keys: Sequence[str]) -> list[tuple[str, Sequence[float]]]:
        with self._explained("GetVectors") as client:
            answer = client.get_vectors(**self._names, keys=keys, returnData=True)
        return [(found["key"], found["data"]["float32"]) for found in answer["vectors"]]

    @contextmanager
    def _explained(self, operation: str) -> Iterator[S3VectorsClient]:
        try:
            yield self._connected()
        except (ClientError, BotoCoreError) as error:
            raise explain(error, operation, self.address, self._config.aws_endpoint_url_s3vectors) from error

    def _connected(self) -> S3VectorsClient:
        with self._lock:
            if self._client is None:
                self._client = _connect(self._config, is_filling=self._is_filling)
            return self._client


def _filter(ciks: Collection[int], fiscal_years: Collection[int]) -> dict[str, Any] | None:
    """The filter in the service's words (Amazon S3 User Guide, "Metadata filtering"); None: all vectors."""
    named = {"cik": ciks, "fiscal_year": fiscal_years}
    conditions = [{name: {"$in": sorted(values)}} for name, values in named.items() if values]
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def _connect(config: MLConfig, *, is_filling: bool) -> S3VectorsClient:
    return open_session(config).client(
        "s3vectors",
        endpoint_url=config.aws_endpoint_url_s3vectors,
        config=Config(
            connect_timeout=4 if is_filling else 2,
            read_timeout=60 if is_filling else 5,
            # `adaptive` writes no faster than the service takes it.
            retries=(
                {"mode": "adaptive", "total_max_attempts": 10}
                if is_filling
                else {"mode": "standard", "total_max_attempts": 3}
            ),
            max_pool_connections=2 * _CONNECTIONS,
        ),
    )
