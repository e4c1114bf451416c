"""Filings read into a store, with the encoder's tokenizer found or built first."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.filings.batch import ReadSource, Refused, ingest_batch
from finrag_ml_tg1.filings.ingest import FilingTablesStore, Ingested
from finrag_ml_tg1.indexing.minilm import ensure_encoder

__all__ = ["Reading", "open_reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How many filings there are, and what becomes of each, in order, as they are read."""

    filings: int
    outcomes: Generator[Ingested | Refused]


@contextmanager
def open_reading(
    sources: Iterable[ReadSource],
    tables: FilingTablesStore,
    cache_folder: Path,
    *,
    workers: int,
    scheduler: str | None = None,
    tell: Callable[[str], None],
) -> Iterator[Reading]:
    """Read filings, at most `workers` at once, or on the cluster of `scheduler`; what is being read at the end ends.

    `tell` gets the steps of building the encoder, where the cache folder holds none yet.
    """
    encoder = ensure_encoder(cache_folder, progress=tell)
    waiting = list(sources)
    if scheduler is None:
        outcomes = ingest_batch(waiting, tables, encoder, workers=min(workers, max(1, len(waiting))))
    else:
        from finrag_ml_tg1.filings.cluster_batch import ingest_on_cluster

        outcomes = ingest_on_cluster(waiting, tables, encoder, scheduler=scheduler)
    with closing(outcomes):
        yield Reading(len(waiting), outcomes)
