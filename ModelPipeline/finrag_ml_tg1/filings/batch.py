"""Many filings at once: each is read in a process of its own pool, and written by the one that started them.

A filing that cannot be read is told of and the others go on, also when reading it ends its process (out of memory).
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.extraction import FilingTables, extract_tables
from finrag_ml_tg1.filings.ingest import FilingTablesStore, Ingested, Source
from finrag_ml_tg1.filings.token_windows import TokenOffsets
from finrag_ml_tg1.index.encoder import load_token_offsets

__all__ = ["ReadSource", "Refused", "ingest_batch"]

ReadSource = Callable[[], Source | Ingested]

_READ_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Refused:
    """A filing of a batch that was not ingested, and why; `was_asked` is False for one of another fiscal year."""

    reason: str
    was_asked: bool = True


def ingest_batch(
    sources: Iterable[ReadSource], tables: FilingTablesStore, encoder_folder: Path, *, workers: int
) -> Iterator[Ingested | Refused]:
    """Ingest filings, `workers` at a time, and yield what became of each, in the order given.

    `sources` are called one after the other, not far ahead of the reading; one may find that it has nothing to do.
    Errors of the store end the batch; what was written until then is whole.
    """
    with _Pool(encoder_folder, workers) if workers > 1 else _Inline(encoder_folder) as readers:
        running: deque[_Begun] = deque()
        for read in sources:
            running.append(_begin(read, tables, readers))
            while len(running) >= workers + _READ_AHEAD:
                yield _finish(running.popleft(), tables, readers)
        while running:
            yield _finish(running.popleft(), tables, readers)


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


def _finish(begun: _Begun, tables: FilingTablesStore, readers: _Readers) -> Ingested | Refused:
    if not isinstance(begun, tuple):
        return begun
    source, future = begun
    try:
        found = _result(source, future, readers)
        if source.wanted_years and found.fiscal_year not in source.wanted_years:
            return Refused(f"{source.name}: {found.description}: another fiscal year", was_asked=False)
        return tables.write(source, found)
    except FilingError as error:
        return Refused(f"{source.name}: {error}")


def _result(source: Source, future: Future[FilingTables], readers: _Readers) -> FilingTables:
    """The tables; where the pool broke, this filing is read once more in a process that reads nothing else."""
    try:
        return future.result()
    except BrokenProcessPool:
        return readers.read_alone(source)


class _Readers(Protocol):
    """What reads filings: processes, or the one that asks."""

    def submit(self, source: Source) -> Future[FilingTables]: ...

    def read_alone(self, source: Source) -> FilingTables: ...


class _Inline:
    """Reads in the process that asks, for one worker."""

    def __init__(self, encoder_folder: Path) -> None:
        self._token_offsets = load_token_offsets(encoder_folder)

    def __enter__(self) -> _Inline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, source: Source) -> Future[FilingTables]:
        future: Future[FilingTables] = Future()
        try:
            future.set_result(self.read_alone(source))
        except FilingError as error:
            future.set_exception(error)
        return future

    def read_alone(self, source: Source) -> FilingTables:
        return _extract(source, self._token_offsets)


class _Pool:
    """Worker processes that hold the tokenizer; replaced when one of them dies."""

    def __init__(self, encoder_folder: Path, workers: int) -> None:
        self._encoder_folder = encoder_folder
        self._workers = workers
        self._executor = self._started(workers)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def submit(self, source: Source) -> Future[FilingTables]:
        try:
            return self._executor.submit(_extract_in_worker, source)
        except BrokenProcessPool:
            self._executor.shutdown()
            self._executor = self._started(self._workers)
            return self._executor.submit(_extract_in_worker, source)

    def read_alone(self, source: Source) -> FilingTables:
        with self._started(1) as executor:
            try:
                return executor.submit(_extract_in_worker, source).result()
            except BrokenProcessPool:
                raise FilingError("reading it ended the process, most likely for want of memory") from None

    def _started(self, workers: int) -> ProcessPoolExecutor:
        # Not forked: threads of the table engine would be copied in an unknown state.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, context, initializer=_load_tokenizer, initargs=(self._encoder_folder,))


_offsets_of_worker: dict[str, TokenOffsets] = {}


def _load_tokenizer(encoder_folder: Path) -> None:
    _offsets_of_worker["loaded"] = load_token_offsets(encoder_folder)


def _extract_in_worker(source: Source) -> FilingTables:
    return _extract(source, _offsets_of_worker["loaded"])


def _extract(source: Source, token_offsets: TokenOffsets) -> FilingTables:
    return extract_tables(source.document, source.name, token_offsets, source.provenance)


_Begun = tuple[Source, Future[FilingTables]] | Ingested | Refused
