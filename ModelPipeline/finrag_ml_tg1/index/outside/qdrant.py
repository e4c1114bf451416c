"""The vectors in Qdrant, a server or cluster of one's own, through its client.

Vectors are kept on disk and searched by int8 codes in memory, a quarter of their size, then rescored by the vectors
themselves (Qdrant documentation, "Quantization", November 2026). Shards and replicas are the server's defaults; whoever
wants others makes the collection himself: for cosines, of the index's dimension.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException

from finrag_ml_tg1.errors import VectorIndexError
from finrag_ml_tg1.index.outside.engine import COSINE, EngineState, Near, Points
from finrag_ml_tg1.index.outside.qdrant_errors import explain, is_passing, wait_s
from finrag_ml_tg1.index.vector_index import Floats
from finrag_ml_tg1.loaders.vector_address import VectorAddress

__all__ = ["QdrantEngine", "connect"]

T = TypeVar("T")

_MOST_WRITTEN = 500
_MOST_READ = 1_000
_MOST_FOUND = 10_000
_IDENTITY = "finrag"
_FILTERED = ("cik", "fiscal_year")


def connect(place: str, api_key: str | None, *, is_filling: bool) -> QdrantClient:
    """Return a client of the server at an http(s) address; nothing is sent yet. Times are in seconds."""
    return QdrantClient(url=place, api_key=api_key, timeout=60 if is_filling else 5, check_compatibility=False)


class QdrantEngine:
    """Implements VectorEngine over one collection.

    A question waits no longer than a few seconds; `is_filling` waits and repeats until the server has time.
    """

    def __init__(self, client: QdrantClient, address: VectorAddress, *, is_filling: bool) -> None:
        self._client = client
        self._address = address
        self._collection = address.index
        self._attempts, self._longest_wait_s = (8, 30.0) if is_filling else (3, 1.0)

    @property
    def address(self) -> str:
        """The address it was opened by: `qdrant+https://host:6333/collection`."""
        return self._address.text

    @property
    def most_written(self) -> int:
        """How many vectors one call may write or delete."""
        return _MOST_WRITTEN

    @property
    def most_found(self) -> int:
        """How many vectors one search may return."""
        return _MOST_FOUND

    def describe(self) -> EngineState | None:
        """Return how the collection is made, None when there is none; a name drawn when it was made tells it apart."""
        if not self._try("look for the collection", lambda: self._client.collection_exists(self._collection)):
            return None
        config = self._try("describe the collection", lambda: self._client.get_collection(self._collection)).config
        vectors = config.params.vectors
        if not isinstance(vectors, models.VectorParams):
            raise VectorIndexError(f"{self.address} has vectors of several names: choose another collection")
        return EngineState(vectors.size, vectors.distance.lower(), str((config.metadata or {}).get(_IDENTITY, "")))

    def create(self, dimension: int) -> EngineState:
        """Make the collection, for cosines."""
        identity = secrets.token_hex(8)
        codes = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
        self._try(
            "make the collection",
            lambda: self._client.create_collection(
                self._collection,
                vectors_config=models.VectorParams(size=dimension, distance=models.Distance.COSINE, on_disk=True),
                quantization_config=models.ScalarQuantization(scalar=codes),
                metadata={_IDENTITY: identity},
            ),
        )
        for field in _FILTERED:  # without its index a filter is applied to all points, one by one
            self._try("index a filter", lambda field=field: self._index_field(field))  # type: ignore[misc]
        return EngineState(dimension, COSINE, identity)

    def upsert(self, points: Points) -> None:
        """Write vectors, in place of those of the same keys; at most `most_written`."""
        payloads = [
            dict(zip(_FILTERED, values, strict=True)) for values in zip(points.ciks, points.fiscal_years, strict=True)
        ]
        batch = models.Batch(ids=_ids(points.keys), vectors=points.vectors.tolist(), payloads=payloads)
        self._try("write vectors", lambda: self._client.upsert(self._collection, batch, wait=True))

    def delete(self, keys: Sequence[str]) -> None:
        """Remove vectors; no error for those that are not there; at most `most_written`."""
        selected = models.PointIdsList(points=_ids(keys))
        self._try("remove vectors", lambda: self._client.delete(self._collection, selected, wait=True))

    def search(self, query: Floats, count: int, ciks: Collection[int], fiscal_years: Collection[int]) -> Near:
        """Return the `count` nearest of those within the filter; Qdrant's graph is walked within the filter."""
        named = zip(_FILTERED, (ciks, fiscal_years), strict=True)
        conditions: list[models.Condition] = [
            models.FieldCondition(key=name, match=models.MatchAny(any=sorted(values)))
            for name, values in named
            if values
        ]
        rescored = models.SearchParams(quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0))
        return self._nearest(query, count, models.Filter(must=conditions) if conditions else None, rescored)

    def similarities(self, query: Floats, keys: Sequence[str]) -> Floats:
        """Return the exact cosine of each."""
        exact = models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))
        found: dict[str, float] = {}
        unique = list(dict.fromkeys(keys))
        for start in range(0, len(unique), _MOST_READ):
            chunk = unique[start : start + _MOST_READ]
            of_keys = models.Filter(must=[models.HasIdCondition(has_id=_ids(chunk))])
            near = self._nearest(query, len(chunk), of_keys, exact)
            found |= dict(zip(near.keys, near.similarities.tolist(), strict=True))
        lacking = len(unique) - len(found)
        if lacking:
            raise VectorIndexError(f"{self.address} lacks {lacking} vectors of the index: run `finrag vectors sync`")
        return np.array([found[key] for key in keys], dtype=np.float32)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _nearest(self, query: Floats, count: int, wanted: models.Filter | None, how: models.SearchParams) -> Near:
        answer = self._try(
            "search",
            lambda: self._client.query_points(
                self._collection,
                query=query.tolist(),
                query_filter=wanted,
                limit=count,
                search_params=how,
                with_payload=False,
            ),
        )
        keys = [uuid.UUID(str(point.id)).hex for point in answer.points]
        return Near(keys, np.array([point.score for point in answer.points], dtype=np.float32))

    def _index_field(self, field: str) -> None:
        self._client.create_payload_index(self._collection, field, models.PayloadSchemaType.INTEGER, wait=True)

    def _try(self, action: str, call: Callable[[], T]) -> T:
        """The answer to a call, which is repeated while the server is busy; each may be: it does the same again."""
        for attempt in range(1, self._attempts + 1):
            try:
                return call()
            except (ApiException, ResourceExhaustedResponse, ValueError) as error:
                pause_s = wait_s(error, attempt)
                if attempt == self._attempts or not is_passing(error) or pause_s > self._longest_wait_s:
                    raise explain(error, action, self.address) from error
            time.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")


def _ids(keys: Sequence[str]) -> list[models.ExtendedPointId]:
    return [str(uuid.UUID(key)) for key in keys]
