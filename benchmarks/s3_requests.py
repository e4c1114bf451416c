"""Counts the requests a piece of work makes to S3, for proofs in tests and figures in benchmarks.

Counted where botocore hands a request to the network: every attempt, repetitions included.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from finrag_ml_tg1.loaders.s3_store import S3Store

__all__ = ["S3Requests", "count_requests"]


class S3Requests:
    """Requests by operation (`GetObject`), the ranges asked for, and the bytes of the answers' bodies."""

    def __init__(self) -> None:
        self.by_operation: Counter[str] = Counter()
        self.ranges: list[str] = []
        self.bytes_read = 0
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """All requests."""
        return self.by_operation.total()

    def note_request(self, request: AWSPreparedRequest, event_name: str, **_: object) -> None:
        """Take down a request that is about to be sent."""
        with self._lock:
            self.by_operation[event_name.rpartition(".")[2]] += 1
            if "Range" in request.headers:
                self.ranges.append(_text(request.headers["Range"]))

    def note_answer(self, response_dict: Mapping[str, Any] | None, event_name: str, **_: object) -> None:
        """Take down the size of an answer's body; the answer to HEAD has none."""
        if response_dict is not None and not event_name.endswith(".HeadObject"):
            with self._lock:
                self.bytes_read += int(response_dict["headers"].get("Content-Length", 0))


@contextmanager
def count_requests(store: S3Store) -> Iterator[S3Requests]:
    """Yield the count of the requests this store makes until the block ends; the store must not be closed in it."""
    requests = S3Requests()
    events = store._connected(is_writing=False).meta.events
    events.register("before-send.s3", requests.note_request)
    events.register("response-received.s3", requests.note_answer)
    try:
        yield requests
    finally:
        events.unregister("before-send.s3", requests.note_request)
        events.unregister("response-received.s3", requests.note_answer)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
