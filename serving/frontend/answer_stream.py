"""An answer on its way: the events of one `POST /query/stream`, which another thread can end."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from http import HTTPStatus

import requests

from serving.frontend.contract.stream_events import AnswerEvent, read_event
from serving.frontend.event_stream import read_events
from serving.frontend.responses import (
    CHECK_URL,
    BackendAwayError,
    load_record,
    read_problem,
    streamed_problem,
    unexpected_answer,
)

__all__ = ["AnswerStream"]

_logger = logging.getLogger(__name__)


class AnswerStream:
    """Yields the events of one answer, the whole answer last; closes the connection when it ends."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._began = time.perf_counter()
        self._lock = threading.Lock()
        self._is_open = True

    def __iter__(self) -> Iterator[AnswerEvent]:
        """Yield each event as it comes.

        Raises `ApiError` for a refusal and for an answer that is not the contract's, `BackendAwayError` for a stream
        that breaks off, also when it was closed.
        """
        response = self._response
        with closing(response):
            try:
                if response.status_code != HTTPStatus.OK:
                    raise read_problem(response)
                if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                    raise unexpected_answer(response, f"The answer is no stream of events. {CHECK_URL}")
                lines = response.iter_lines()
                for event in read_events(lines):
                    if event.name == "error":
                        raise load_record(response, event.data, partial(streamed_problem, response))
                    record = load_record(response, event.data, partial(read_event, event.name))
                    if record is not None:
                        yield record
                    if event.name == "done":
                        told = {"request_id": response.headers.get("X-Request-ID")}
                        taken_ms = (time.perf_counter() - self._began) * 1000
                        _logger.debug("the answer was whole %.1f ms after its beginning", taken_ms, extra=told)
                        _read_to_end(lines)
                        return
            except requests.RequestException as error:
                raise BackendAwayError("The back end broke off its answer.") from error
            finally:
                with self._lock:
                    self._is_open = False
        raise BackendAwayError("The back end broke off its answer.")

    def close(self) -> None:
        """End the stream from another thread; the one that reads it gets `BackendAwayError`.

        The connection is shut for reading, which wakes whoever waits for it: closing it would wait for them.
        """
        with self._lock:
            if self._is_open:
                self._is_open = False
                # Refused by a response that has been read to its end in this moment, and by a connection that the other
                # side has just closed: then there is nothing to end.
                with suppress(OSError, RuntimeError, ValueError):
                    self._response.raw.shutdown()


def _read_to_end(lines: Iterator[bytes]) -> None:
    """Read what ends a stream, so that its connection is kept for the next request; the answer is whole without it."""
    with suppress(requests.RequestException):
        for _ in lines:
            pass
