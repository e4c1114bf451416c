"""Ends a generation while it waits for bytes: a thread in a read takes notice of nothing but its socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from finrag_ml_tg1.answering.models.errors import ModelCancelledError, ModelTimeoutError
from finrag_ml_tg1.answering.models.language_model import Cancellation

__all__ = ["LONGEST_ANSWER", "interruptible"]

# In waits for a piece (FINRAG_MODEL_TIMEOUT_S): one that brings a word before each wait is over would never end.
LONGEST_ANSWER = 10


@contextmanager
def interruptible(
    close: Callable[[], None], cancellation: Cancellation, most_seconds: float
) -> Iterator[Callable[[], None]]:
    """Call `close`, which ends a read, when the block is cancelled or takes longer than `most_seconds`.

    The block calls what it is given after each read. There, and in place of what a read raises after `close`, it gets
    ModelCancelledError or ModelTimeoutError.
    """
    late = Cancellation()
    timer = threading.Timer(most_seconds, late.cancel)
    timer.daemon = True

    def check() -> None:
        if cancellation.is_cancelled:
            raise ModelCancelledError
        if late.is_cancelled:
            raise ModelTimeoutError(f"the answer was not whole after {most_seconds:g} s")

    with late.closing_with(close), cancellation.closing_with(close):
        timer.start()
        try:
            yield check
        except Exception:
            check()
            raise
        finally:
            timer.cancel()
