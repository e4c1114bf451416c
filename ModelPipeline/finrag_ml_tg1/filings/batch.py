"""Many filings at once: each is read in one of several processes, and written by the one that started them.

A filing that cannot be read is told of and the others go on, also when reading it ends its process (out of memory).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.extraction import FilingTables
from finrag_ml_tg1.filings.ingest import FilingTablesStore, Ingested, Source
from finrag_ml_tg1.filings.reading_process import ReadingProcess

__all__ = ["READ_AHEAD", "ReadSource", "Refused", "ingest_batch", "of_another_year"]

ReadSource = Callable[[], Source | Ingested]

# Filings fetched while all processes are reading: what is held in memory is `workers` and these.
READ_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Refused:
    """A filing of a batch that was not ingested, and why; `was_asked` is False for one of another fiscal year."""

    reason: str
    was_asked: bool = True


def ingest_batch(
    sources: Iterable[ReadSource], tables: FilingTablesStore, encoder_folder: Path, *, workers: int
) -> Generator[Ingested | Refused]:
    """Ingest filings, `workers` at a time, and yield what became of each, in the order given.

    `sources` are called one after the other, at most `READ_AHEAD` ahead of the reading; one may find that it has
    nothing to do. Any error but FilingError ends the batch, as does closing the iterator: nothing is read any more, and
    what was written until then is whole.
    """
    with _Readers(encoder_folder, workers) as readers:
        running: deque[_Begun] = deque()
        for read in sources:
            running.append(_begin(read, tables, readers))
            while len(running) >= workers + READ_AHEAD:
                yield _finish(running.popleft(), tables)
        while running:
            yield _finish(running.popleft(), tables)


def _begin(read: ReadSource, tables: FilingTablesStore, readers: _Readers) -> _Begun:
    try:
        source = read()
    except FilingError as error:
        return Refused(str(error))
    if isinstance(source, Ingested):
        return source
    try:
        return tables.known(source) or (source, readers.submit(source))
    except FilingError as error:
        return Refused(f"{source.name}: {error}")


def _finish(begun: _Begun, tables: FilingTablesStore) -> Ingested | Refused:
    if not isinstance(begun, tuple):
        return begun
    source, future = begun
    try:
        found = future.result()
        return of_another_year(source, found) or tables.write(source, found)
    except FilingError as error:
        return Refused(f"{source.name}: {error}")


def of_another_year(source: Source, found: FilingTables) -> Refused | None:
    """Return the refusal of a filing that was read and is of a fiscal year nobody asked for."""
    if not source.wanted_years or found.fiscal_year in source.wanted_years:
        return None
    return Refused(f"{source.name}: {found.description}: another fiscal year", was_asked=False)


class _Readers:
    """Reading processes, with a thread for each that waits for its answers; all ended with the batch."""

    def __init__(self, encoder_folder: Path, workers: int) -> None:
        self._processes = [ReadingProcess(encoder_folder) for _ in range(workers)]
        self._idle: SimpleQueue[ReadingProcess] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(workers)

    def __enter__(self) -> _Readers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for process in self._processes:
                process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def submit(self, source: Source) -> Future[FilingTables]:
        return self._threads.submit(self._read, source)

    def _read(self, source: Source) -> FilingTables:
        process = self._idle.get()
        try:
            return process.read(source.document, source.name, source.provenance)
        finally:
            self._idle.put(process)


_Begun = tuple[Source, Future[FilingTables]] | Ingested | Refused
