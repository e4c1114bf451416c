"""What readers say about answers: one small object each, in the store before the reader is told so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import anyio
import anyio.to_thread
import polars as pl

from finrag_ml_tg1.errors import FinRAGError, StoreDeniedError, StoreUnavailableError
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.dated_keys import dated_key, utc_now
from serving.backend.schemas.usage import FeedbackRequest
from serving.backend.store_access import StoreAccess

__all__ = ["FEEDBACK_FOLDER", "FEEDBACK_SCHEMA", "FeedbackBox", "FeedbackNotKeptError"]

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


class FeedbackNotKeptError(FinRAGError):
    """Feedback cannot be kept here, and sending it again does not help; the message says what does."""


class FeedbackBox:
    """Puts feedback into the store, a few at a time; with `is_open` false it takes none."""

    def __init__(
        self,
        store: ObjectStore,
        access: StoreAccess | None = None,
        *,
        is_open: bool = True,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._access = access or StoreAccess()
        self._is_open = is_open
        self._timeout_s = timeout_s
        self._clock = clock
        self._writers = anyio.CapacityLimiter(_WRITERS)

    async def accept(self, feedback: FeedbackRequest) -> None:
        """Return once the feedback is stored; raises StoreError, also when that takes longer than `timeout_s`.

        What is given again after that may then stand twice. Raises FeedbackNotKeptError when there is no use in trying
        again.
        """
        if not self._is_open:
            raise FeedbackNotKeptError("This server keeps no feedback: FINRAG_QUERY_LOG is off")
        written = self._clock()
        key = dated_key(FEEDBACK_FOLDER, written.date(), written, "jsonl")

        def write() -> None:
            # Nobody else makes this key, so no condition is needed, which not every S3 service knows.
            self._store.put(key, _line(feedback, written))

        with anyio.move_on_after(self._timeout_s):
            try:
                await anyio.to_thread.run_sync(write, limiter=self._writers, abandon_on_cancel=True)
            except StoreDeniedError as error:
                self._access.deny("writing feedback/", error)
                raise FeedbackNotKeptError(
                    "This server may not keep feedback: who runs it can allow s3:PutObject below feedback/"
                ) from error
            self._access.allow("writing feedback/")
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
