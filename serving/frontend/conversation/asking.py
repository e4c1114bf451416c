"""A question on its way to its answer, read in a thread of its own.

A page is drawn anew at every click. The reading goes on meanwhile, so that a reader can open a source or change a
setting while the answer is being written. Knows nothing of Streamlit.
"""

import logging
import threading
import time
from dataclasses import dataclass, replace
from http import HTTPStatus

from serving.frontend.answer_stream import AnswerStream
from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.query import Query
from serving.frontend.contract.stream_events import AnswerEvent, SourcesFound, StageDone, Words
from serving.frontend.contract.understood import Understood

__all__ = ["Asking", "Failure", "Progress", "Stopped"]

_logger = logging.getLogger(__name__)

# An answer that no page waits for any more (its window was closed) is given up after this time: it may cost money.
# Browsers let a window in the background look once a minute.
_UNATTENDED_S = 90.0
# A back end that is busy is asked once more when it says to wait no longer than this.
_MOST_WAIT_S = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of an answer so far; `is_put_off` while a busy back end is waited for."""

    stages: tuple[StageDone, ...] = ()
    understood: Understood | None = None
    sources: SourcesFound | None = None
    text: str = ""
    is_put_off: bool = False

    def after(self, event: AnswerEvent) -> "Progress":
        """Return what is known once an event has come."""
        match event:
            case StageDone():
                return replace(self, stages=(*self.stages, event))
            case Understood():
                return replace(self, understood=event)
            case SourcesFound():
                return replace(self, sources=event)
            case Words():
                return replace(self, text=self.text + event.text)
        return self


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question got no whole answer, in words for the reader, and what there was of one."""

    title: str
    detail: str
    request_id: str | None = None
    progress: Progress = Progress()


@dataclass(frozen=True, slots=True)
class Stopped:
    """An answer that was ended before it was whole, and what there was of it."""

    progress: Progress


class Asking:
    """Asks one question at once; `progress` and `outcome` are read while it goes on."""

    def __init__(self, client: BackendClient, query: Query, *, unattended_s: float = _UNATTENDED_S) -> None:
        self._client = client
        self._query = query
        self._unattended_s = unattended_s
        self._began = self._attended_at = time.monotonic()
        self._changed = threading.Condition()
        self._progress = Progress()
        self._outcome: Answer | Failure | Stopped | None = None
        self._stream: AnswerStream | None = None
        self._watch(unattended_s)
        threading.Thread(target=self._read, name="asking", daemon=True).start()

    @property
    def progress(self) -> Progress:
        """What is known so far."""
        return self._progress

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was asked."""
        return time.monotonic() - self._began

    @property
    def outcome(self) -> Answer | Failure | Stopped | None:
        """What came of it; None while it goes on."""
        return self._outcome

    def wait(self, seen: Progress, timeout_s: float) -> bool:
        """Wait until there is an outcome or more than was `seen`, and return whether there is."""
        self._attended_at = time.monotonic()
        with self._changed:
            return self._changed.wait_for(
                lambda: self._outcome is not None or self._progress is not seen, timeout=timeout_s
            )

    def stop(self) -> None:
        """End it now, with what there is."""
        self._end(Stopped(self._progress))
        with self._changed:
            stream = self._stream
        if stream:
            stream.close()

    def _watch(self, for_s: float) -> None:
        """Look in a while whether somebody still waits for it, and give it up when nobody does."""
        watchdog = threading.Timer(for_s, self._check_attendance)
        watchdog.daemon = True
        watchdog.start()
        self._watchdog = watchdog

    def _check_attendance(self) -> None:
        left_s = self._attended_at + self._unattended_s - time.monotonic()
        if self._outcome is None and left_s > 0:
            self._watch(left_s)
        else:
            self.stop()

    def _read(self) -> None:
        try:
            try:
                self._read_answer()
            except ApiError as error:
                if not self._is_worth_waiting(error):
                    raise
                self._read_answer()
        except BackendAwayError as error:
            self._end(self._describe_break(error))
        except ApiError as error:
            self._end(replace(_describe_refusal(error), progress=self._progress))
        except Exception:
            _logger.exception("an answer could not be read")
            reason = "The log of the front end has the reason. Ask again."
            self._end(Failure("The answer could not be read.", reason, progress=self._progress))

    def _describe_break(self, error: BackendAwayError) -> Failure:
        progress = self._progress
        if progress.sources or progress.text:
            return Failure("The answer broke off.", f"{error} What is here is not the whole answer.", progress=progress)
        return Failure("No answer arrived.", f"{error} The question can be asked again.", progress=progress)

    def _read_answer(self) -> None:
        stream = self._client.open_answer(self._query)
        with self._changed:
            self._stream = stream
            is_over = self._outcome is not None
        if is_over:
            stream.close()
        for event in stream:
            if isinstance(event, Answer):
                self._end(event)
            else:
                self._advance(self._progress.after(event))

    def _is_worth_waiting(self, error: ApiError) -> bool:
        """Wait as long as a busy back end asks to, if that is not long; return whether to ask again then."""
        wait_s = error.retry_after_s
        if error.status != HTTPStatus.TOO_MANY_REQUESTS or wait_s is None or wait_s > _MOST_WAIT_S:
            return False
        self._advance(replace(self._progress, is_put_off=True))
        with self._changed:
            is_over = self._changed.wait_for(lambda: self._outcome is not None, timeout=wait_s)
        self._advance(replace(self._progress, is_put_off=False))
        return not is_over

    def _advance(self, progress: Progress) -> None:
        with self._changed:
            self._progress = progress
            self._changed.notify_all()

    def _end(self, outcome: Answer | Failure | Stopped) -> None:
        """Keep the first outcome: a stream that was stopped fails afterwards."""
        with self._changed:
            if self._outcome is None:
                self._outcome = outcome
            self._watchdog.cancel()
            self._changed.notify_all()


def _describe_refusal(error: ApiError) -> Failure:
    lines = [error.detail, *(line for line in error.field_errors if line not in error.detail)]
    if error.retry_after_s is not None:
        unit = "second" if error.retry_after_s == 1 else "seconds"
        lines.append(f"Try again in {error.retry_after_s} {unit}.")
    return Failure(f"{error.title} ({error.status})", "\n".join(lines), error.request_id)
