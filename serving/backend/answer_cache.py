"""Answers kept for questions that come again: the same words, scope, index, model and prompt have the same answer."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import anyio.to_thread
from pydantic import ValidationError

from finrag_ml_tg1.scope import Question
from serving.backend.schemas.answers import QueryResponse
from serving.backend.shared.answers import SharedAnswers

__all__ = ["AnswerCache", "answer_key", "renewed"]

MOST_ENTRIES = 1_000
TTL_S = 24 * 3600.0
# No response is as large: what another process has kept is not taken on trust.
_MOST_RESPONSE_BYTES = 16 * 1_048_576

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    data: bytes
    index_version: str
    expires_at: float


class AnswerCache:
    """The responses used last, at most `max_bytes` as compressed JSON and `most_entries`, none older than `ttl_s`.

    Safe for use from several threads. With `max_bytes` 0 nothing is kept. What other back ends
    keep in `shared` is found too.
    """

    def __init__(
        self,
        max_bytes: int,
        *,
        most_entries: int = MOST_ENTRIES,
        ttl_s: float = TTL_S,
        clock: Callable[[], float] = time.monotonic,
        shared: SharedAnswers | None = None,
    ) -> None:
        self._shared = shared
        self._max_bytes = max_bytes
        self._most_entries = most_entries
        self._ttl_s = ttl_s
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0

    @property
    def size_bytes(self) -> int:
        """The bytes of all responses kept."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> QueryResponse | None:
        """Return the response as it was put, None when it is not kept or too old; see `renewed`."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.expires_at <= self._clock():
                self._remove(key)
                return None
            self._entries.move_to_end(key)
        return QueryResponse.model_validate_json(zlib.decompress(entry.data))

    async def find(self, key: str) -> QueryResponse | None:
        """Return the response as it was put, here or, without request and question, by another back end; else None."""
        kept = self.get(key)
        if kept is not None or self._shared is None or not self._max_bytes:
            return kept
        return await anyio.to_thread.run_sync(self._find_shared, self._shared, key)

    def _find_shared(self, shared: SharedAnswers, key: str) -> QueryResponse | None:
        found = shared.get(key)
        response = None if found is None else _read(found.data)
        if found is not None and response is not None:
            self._keep(key, found.data, response.metadata.index_version, min(found.left_s, self._ttl_s))
        return response

    def put(self, key: str, response: QueryResponse, *, is_fallback: bool) -> None:
        """Keep a response; not one that stands in for a model that was away or that the budget did not allow."""
        if is_fallback:
            return
        data = _written(response)
        self._keep(key, data, response.metadata.index_version, self._ttl_s)
        if self._shared is not None and self._max_bytes:
            # Who asked, and in which words, is said anew to each who asks: it does not leave this process.
            self._shared.put(key, _written(response.model_copy(update={"request_id": "", "query": ""})), self._ttl_s)

    def _keep(self, key: str, data: bytes, index_version: str, ttl_s: float) -> None:
        with self._lock:
            if key in self._entries:
                self._remove(key)
            if len(data) > self._max_bytes:
                return
            self._entries[key] = _Entry(data, index_version, self._clock() + ttl_s)
            self._bytes += len(data)
            while self._bytes > self._max_bytes or len(self._entries) > self._most_entries:
                self._remove(next(iter(self._entries)))

    def forget(self, index_version: str) -> None:
        """Let go of the answers from an index version."""
        with self._lock:
            for key in [key for key, entry in self._entries.items() if entry.index_version == index_version]:
                self._remove(key)

    def _remove(self, key: str) -> None:
        self._bytes -= len(self._entries.pop(key).data)


def _written(response: QueryResponse) -> bytes:
    # A response is mostly the text of its sources: a quarter of it remains, for a tenth of a millisecond.
    return zlib.compress(response.model_dump_json().encode(), zlib.Z_BEST_SPEED)


def _read(data: bytes) -> QueryResponse | None:
    """Return a response that another process has kept; None when it is none."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, _MOST_RESPONSE_BYTES)
        return QueryResponse.model_validate_json(text) if unpacking.eof else None
    except (zlib.error, ValidationError):
        _logger.warning("the shared Redis keeps an answer that is none: it is made anew")
        return None


def answer_key(question: Question, index_version: str, model: str, prompt_version: str) -> str:
    """Return the key of an answer: SHA-256 over all that it depends on.

    The question has to stand for itself: one that follows up on others is given as it was rewritten, and its answer
    says so. Runs of white space count as one space; capitals matter, because they may make a word a ticker.
    """
    parts = asdict(question) | {"text": " ".join(question.text.split()), "as_asked": bool(question.as_asked)}
    told = json.dumps([parts, index_version, model, prompt_version], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def renewed(kept: QueryResponse, *, request_id: str, query: str, processing_ms: float) -> QueryResponse:
    """Return a kept response as the answer to another request: it costs nothing, and says that it was kept."""
    metadata = kept.metadata
    unused = metadata.llm.model_copy(
        update=dict.fromkeys(("input_tokens", "output_tokens", "total_tokens", "cached_tokens", "cost"), 0)
    )
    told = metadata.model_copy(
        update={
            "llm": unused,
            "timings_ms": {"cache": processing_ms},
            "timestamp": datetime.now(UTC),
            "processing_time_ms": processing_ms,
            "cached": True,
        }
    )
    return kept.model_copy(update={"request_id": request_id, "query": query, "metadata": told})
