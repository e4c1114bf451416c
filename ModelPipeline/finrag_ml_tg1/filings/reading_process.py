"""Processes that read filings, each with a pipe of its own: one that dies takes one filing with it, a known one.

They are spawned, not forked: threads of the table engine would be copied in an unknown state. A process whose parent is
gone ends with the filing it is reading, because nothing but the parent holds the other end of its pipe.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.extraction import FilingTables, Provenance, extract_tables
from finrag_ml_tg1.filings.passages.token_windows import TokenOffsets
from finrag_ml_tg1.index.encoder import load_token_offsets

__all__ = ["ReadingProcess", "describe_fault", "tables_or_reason"]

_SPAWN = multiprocessing.get_context("spawn")
_ENDING_S = 5.0


class ReadingProcess:
    """A process that holds the tokenizer and reads one filing after the other; started when first needed.

    `read` is for one thread at a time, `kill` for any.
    """

    def __init__(self, encoder_folder: Path) -> None:
        self._encoder_folder = encoder_folder
        self._running: tuple[SpawnProcess, Connection] | None = None
        self._lock = threading.Lock()
        self._killed = False

    def read(self, document: bytes, name: str, provenance: Provenance) -> FilingTables:
        """Return what `extract_tables` returns; FilingError also when reading the filing ended the process."""
        connection = self._connection()
        try:
            connection.send((document, name, provenance))
            answer: FilingTables | FilingError = connection.recv()
        except (EOFError, OSError):
            self.close()
            raise FilingError(
                "reading it ended its process, most likely for want of memory: try it again with --workers 1"
            ) from None
        if isinstance(answer, FilingError):
            raise answer
        return answer

    def close(self) -> None:
        """Let the process end once it has nothing to read; the next `read` starts another."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            process, connection = running
            connection.close()
            process.join(_ENDING_S)
            process.kill()
            process.join()
            process.close()

    def kill(self) -> None:
        """End the process at once, whatever it is reading, for good."""
        with self._lock:
            self._killed = True
            if self._running is not None:
                self._running[0].kill()

    def _connection(self) -> Connection:
        with self._lock:
            if self._killed:
                raise FilingError("the batch was ended before it was read")
            if self._running is None:
                ours, theirs = _SPAWN.Pipe()
                process = _SPAWN.Process(target=_serve, args=(theirs, self._encoder_folder), daemon=True)
                with _interrupts_held_back():
                    process.start()
                theirs.close()
                self._running = process, ours
            return self._running[1]


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C, which a terminal sends to all: the parent ends them."""
    resource_tracker.ensure_running()  # its own start, at the first process otherwise, would let interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, encoder_folder: Path) -> None:
    """Read filings until the other end of the pipe is closed, or gone with the process that held it."""
    token_offsets = load_token_offsets(encoder_folder)
    while True:
        try:
            document, name, provenance = connection.recv()
            connection.send(tables_or_reason(document, name, provenance, token_offsets))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def tables_or_reason(
    document: bytes, name: str, provenance: Provenance, token_offsets: TokenOffsets
) -> FilingTables | FilingError:
    """Return what `extract_tables` returns, or why it returns nothing: a fault of the reader costs one filing only."""
    try:
        return extract_tables(document, name, token_offsets, provenance)
    except FilingError as error:
        return FilingError(str(error))
    except MemoryError:
        return FilingError("there is not enough memory to read it")
    except Exception as error:  # noqa: BLE001 - told with its place as this filing's failure, so that the others go on
        return FilingError(describe_fault(error))


def describe_fault(error: Exception) -> str:
    """Return an unexpected error as one line: its kind and the place in the code, nothing of the document."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"a fault in the reader, please report it: {type(error).__name__} in {Path(place.filename).name}, "
        f"line {place.lineno}"
    )
