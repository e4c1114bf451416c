"""Many filings on a cluster: each is sent to a worker of a Dask scheduler, which puts its tables into the store itself.

What is sent is the document and its names. Two documents of one filing are never out at once, so that the later one
counts, as it does on one machine. When a worker dies, Dask gives its filing to another; one that takes several workers
with it is told of and the others go on.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

import dask
from distributed import Client, Future
from distributed.scheduler import KilledWorker

from finrag_ml_tg1.errors import FilingError, FinRAGError, SchedulerError
from finrag_ml_tg1.filings.batch import ReadSource, Refused
from finrag_ml_tg1.filings.cluster_task import Assignment, Stored, carry_out, share_tokenizer
from finrag_ml_tg1.filings.document_bytes import MAX_DOCUMENT_BYTES, accession_of, decompressed
from finrag_ml_tg1.filings.ingest import FilingTablesStore, Ingested, Source
from finrag_ml_tg1.index.encoder import TOKENIZER_FILE

__all__ = ["ingest_on_cluster"]

# Of the filings out at once: one being read by each thread of a worker, and one waiting for it.
_OUT_PER_THREAD = 2
_CONNECTING_S = 10
_LOST = "the scheduler was lost: start it and repeat the command; what was read is in the store"
_LOOK_S = 10.0


def ingest_on_cluster(
    sources: Iterable[ReadSource],
    tables: FilingTablesStore,
    encoder_folder: Path,
    *,
    scheduler: str,
    no_workers_s: float = 120.0,
) -> Generator[Ingested | Refused]:
    """Ingest filings on the workers of the scheduler at `tcp://host:port`; yield what became of each, as it is done.

    `sources` are called one after the other, as far ahead as there are workers for. Raises SchedulerError when the
    scheduler or a worker is not fit for it, or there was no worker for `no_workers_s` seconds. An error ends the batch,
    as does closing the iterator: what waits is taken back, what is being read is still written, whole.
    """
    with _connected(scheduler) as client:
        cluster = _Cluster(client, tables, no_workers_s)
        tokenizer_sha256 = share_tokenizer(tables.store, (encoder_folder / TOKENIZER_FILE).read_bytes())
        try:
            for read in sources:
                prepared = _prepared(read)
                if not isinstance(prepared, _Prepared):
                    yield prepared
                    continue
                while cluster.is_full() or cluster.has_out(prepared.accession):
                    yield cluster.finished()
                known = tables.known(prepared.source)
                if known is None:
                    cluster.send(prepared, tokenizer_sha256)
                else:
                    yield known
            while cluster.out:
                yield cluster.finished()
        finally:
            client.cancel(list(cluster.out))


@dataclass(frozen=True, slots=True)
class _Prepared:
    source: Source
    accession: str


def _prepared(read: ReadSource) -> _Prepared | Ingested | Refused:
    try:
        source = read()
    except FilingError as error:
        return Refused(str(error))
    if isinstance(source, Ingested):
        return source
    try:
        return _Prepared(source, accession_of(decompressed(source.document), source.name))
    except FilingError as error:
        return Refused(f"{source.name}: {error}")


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    # What it loses is raised here as one line; its own log would tell of it in tracebacks.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    # A filing is larger than what Dask advises against sending; few are out at once.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": MAX_DOCUMENT_BYTES}):
        try:
            client = Client(address, timeout=_CONNECTING_S, set_as_default=False, direct_to_workers=False)
        except (OSError, ValueError) as error:
            raise SchedulerError(f"no Dask scheduler answers at {address}: is it running, and on this port?") from error
        with client:
            yield client


_Waited = Future[Stored | Refused]


class _Cluster:
    """The workers of a scheduler; `out` are the filings that were sent to them, by what they are waited for with."""

    def __init__(self, client: Client, tables: FilingTablesStore, no_workers_s: float) -> None:
        self.out: dict[_Waited, _Prepared] = {}
        self._client = client
        self._tables = tables
        self._no_workers_s = no_workers_s
        self._done: SimpleQueue[_Waited] = SimpleQueue()
        self._run = secrets.token_hex(4)  # in the names of tasks: an earlier run's results are not taken for this one's

    def is_full(self) -> bool:
        """Whether the workers have enough to do."""
        return len(self.out) >= max(1, _OUT_PER_THREAD * self._threads())

    def has_out(self, accession: str) -> bool:
        """Whether a document of this filing was sent and is not done."""
        return any(prepared.accession == accession for prepared in self.out.values())

    def send(self, prepared: _Prepared, tokenizer_sha256: str) -> None:
        """Give a filing to a worker."""
        replaces = self._tables.standing(prepared.accession)
        assignment = Assignment(prepared.source, self._tables.store.url, tokenizer_sha256, replaces)
        key = f"ingest-{self._run}-{prepared.accession}-{secrets.token_hex(4)}"
        with _lost_is_told():
            future = self._client.submit(carry_out, assignment, key=key)
        self.out[future] = prepared
        future.add_done_callback(self._done.put)

    def finished(self) -> Ingested | Refused:
        """Wait for the next filing to be done, and return what became of it."""
        future = self._next_done()
        prepared = self.out.pop(future)
        outcome = _outcome(future, prepared.source.name)
        if isinstance(outcome, Stored):
            self._tables.keep(prepared.accession, outcome.keys)
            return outcome.ingested
        return outcome

    def _next_done(self) -> _Waited:
        last_seen = time.monotonic()
        while True:
            try:
                return self._done.get(timeout=min(_LOOK_S, self._no_workers_s))
            except Empty:
                now = time.monotonic()
                last_seen = now if self._threads() else last_seen
                if now - last_seen >= self._no_workers_s:
                    raise SchedulerError("the scheduler has no workers: start some and repeat the command") from None

    def _threads(self) -> int:
        with _lost_is_told():
            return sum(self._client.nthreads().values())


def _outcome(future: _Waited, name: str) -> Stored | Refused:
    with _lost_is_told():
        error = future.exception()
    if isinstance(error, KilledWorker):
        deaths = error.allowed_failures + 1
        return Refused(f"{name}: reading it ended {deaths} workers, most likely for want of memory")
    if isinstance(error, FinRAGError):
        raise error
    if error is not None:
        told = str(error).partition("\n")[0]
        raise SchedulerError(
            f"the cluster cannot read filings ({type(error).__name__}: {told}): its scheduler and its workers need "
            "finrag[distributed], the same version as here"
        )
    with _lost_is_told():
        outcome: Stored | Refused = future.result()
    return outcome


@contextmanager
def _lost_is_told() -> Iterator[None]:
    """Turn what Dask raises when the connection ends, and what had been asked for with it, into one line."""
    try:
        yield
    except (OSError, CancelledError) as error:
        raise SchedulerError(_LOST) from error
