"""A question on its way to its answer, read in a thread of its own.

A page is drawn anew at every click. The reading goes on meanwhile, so that a reader can open a source or change a
setting while the answer is being written. Knows nothing of Streamlit.
"""

import logging
import threading
import time
from dataclasses import dataclass, replace

from serving.frontend.answer_stream import AnswerStream
from serving.frontend.api_client import ApiError, BackendAwayError, BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.query import Query
from serving.frontend.contract.stream_events import AnswerEvent, SourcesFound, StageDone, Words
from serving.frontend.contract.understood import Understood

__all__ = ["Asking", "Failure", "Progress", "Stopped"]

_logger = logging.getLogger(__name__)

# An answer that no page waits for any more (its window was closed) is given up after this time: it may cost money.
_UNATTENDED_S = 20.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of an answer so far."""

    stages: tuple[StageDone, ...] = ()
    understood: Understood | None = None
    sources: SourcesFound | None = None
    text: str = ""

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
    """Why a question got no answer, in words for the reader."""

    title: str
    detail: str
    request_id: str | None = None
    is_away: bool = False


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
        self._began = time.monotonic()
        self._changed = threading.Condition()
        self._progress = Progress()
        self._outcome: Answer | Failure | Stopped | None = None
        self._stream: AnswerStream | None = None
        self._watchdog: threading.Timer | None = None
        self._watch()
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
        self._watch()
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

    def _watch(self) -> None:
        """Give it up unless somebody waits for it again soon."""
        with self._changed:
            if self._watchdog:
                self._watchdog.cancel()
            if self._outcome is None:
                self._watchdog = threading.Timer(self._unattended_s, self.stop)
                self._watchdog.daemon = True
                self._watchdog.start()

    def _read(self) -> None:
        try:
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
                    self._advance(event)
        except BackendAwayError as error:
            self._end(Failure("No answer arrived.", f"{error} The question can be asked again.", is_away=True))
        except ApiError as error:
            self._end(_describe_refusal(error))
        except Exception:
            _logger.exception("an answer could not be read")
            self._end(Failure("The answer could not be read.", "The log of the front end has the reason. Ask again."))

    def _advance(self, event: AnswerEvent) -> None:
        with self._changed:
            self._progress = self._progress.after(event)
            self._changed.notify_all()

    def _end(self, outcome: Answer | Failure | Stopped) -> None:
        """Keep the first outcome: a stream that was stopped fails afterwards."""
        with self._changed:
            if self._outcome is None:
                self._outcome = outcome
            if self._watchdog:
                self._watchdog.cancel()
            self._changed.notify_all()


def _describe_refusal(error: ApiError) -> Failure:
    lines = [error.detail, *error.field_errors]
    if error.retry_after_s is not None:
        unit = "second" if error.retry_after_s == 1 else "seconds"
        lines.append(f"Try again in {error.retry_after_s} {unit}.")
    return Failure(f"{error.title} ({error.status})", "\n".join(lines), error.request_id)
