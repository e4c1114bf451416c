"""What readers say about answers: one small object each, in the store before the reader is told so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import anyio
import anyio.to_thread
import polars as pl

from finrag_ml_tg1.errors import StoreUnavailableError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.dated_keys import dated_key, utc_now
from serving.backend.schemas.usage import FeedbackRequest

__all__ = ["FEEDBACK_FOLDER", "FEEDBACK_SCHEMA", "FeedbackBox"]

FEEDBACK_FOLDER = "feedback"
_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "request_id": pl.String,
    "timestamp": pl.Datetime("us", "UTC"),
    "verdict": pl.String,
    "comment": pl.String,
}
FEEDBACK_SCHEMA = pl.Schema(_COLUMNS)
TIMEOUT_S = 15.0

_WRITERS = 2


class FeedbackBox:
    """Puts feedback into the store, a few at a time."""

    def __init__(
        self, store: ObjectStore, *, timeout_s: float = TIMEOUT_S, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._store = store
        self._timeout_s = timeout_s
        self._clock = clock
        self._writers = anyio.CapacityLimiter(_WRITERS)

    async def accept(self, feedback: FeedbackRequest) -> None:
        """Return once the feedback is stored; raises StoreError, also when that takes longer than `timeout_s`.

        What is given again after that may then stand twice.
        """
        written = self._clock()
        key = dated_key(FEEDBACK_FOLDER, written.date(), written, "jsonl")

        def write() -> None:
            self._store.put(key, _line(feedback, written), if_absent=True)

        with anyio.move_on_after(self._timeout_s):
            await anyio.to_thread.run_sync(write, limiter=self._writers, abandon_on_cancel=True)
            return
        raise StoreUnavailableError("The store did not take the feedback in time: send it again later.")


def _line(feedback: FeedbackRequest, written: datetime) -> bytes:
    row = {
        "request_id": feedback.request_id,
        "timestamp": written,
        "verdict": feedback.verdict,
        "comment": feedback.comment,
    }
    return pl.DataFrame([row], schema=FEEDBACK_SCHEMA).write_ndjson().encode()
