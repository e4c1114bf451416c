"""The work of an ingestion job: what `finrag ingest` and then `finrag index` do."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from finrag_ml_tg1.errors import FilingError, SettingsError, StoreError
from finrag_ml_tg1.filings.batch import ReadSource
from finrag_ml_tg1.filings.edgar.opening import open_edgar
from finrag_ml_tg1.filings.edgar.selection import parse_forms
from finrag_ml_tg1.filings.edgar.sources import EdgarSources
from finrag_ml_tg1.filings.ingest import FilingTablesStore
from finrag_ml_tg1.filings.ingest_report import IngestReport
from finrag_ml_tg1.filings.stored_sources import stored_sources
from finrag_ml_tg1.indexing.garbage import Garbage, collect_garbage
from finrag_ml_tg1.indexing.reading import open_reading
from finrag_ml_tg1.indexing.store_index import index_store
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.loaders.open_store import open_store
from finrag_ml_tg1.machine import cores
from serving.indexer.schemas import IngestRequest, Progress
from serving.indexer.work import Show, Work

__all__ = ["ingest"]

_NAMED = 20  # filings that a record names; result.json has them all
_logger = logging.getLogger(__name__)


def ingest(config: MLConfig, request: IngestRequest, show: Show) -> Work:
    """Read the filings and make an index with them current; FilingError when not one of them could be read."""
    store = open_store(config.store, config)
    tables = FilingTablesStore(store)
    run = _Run(config, tables, show)
    if request.tickers:
        _from_edgar(run, request)
    elif request.again:
        run.read(tables.outdated())
    else:
        if config.indexer_sources is None:
            raise SettingsError("FINRAG_INDEXER_SOURCES is not set: the job cannot read files")
        run.read(stored_sources(open_store(config.indexer_sources, config), request.sources))
    report = run.report
    if report.failures and not (report.read or report.unchanged):
        more = f" (and {len(report.failures) - 1} more)" if len(report.failures) > 1 else ""
        raise FilingError(f"no filing could be read: {report.failures[0]}{more}")
    index = None
    if request.index:
        show(Progress(stage="indexing passages"))
        index = index_store(
            store,
            config,
            threads=cores(),
            progress=lambda done, total: show(Progress(stage="indexing passages", done=done, total=total)),
            tell=_logger.info,
        )
    deleted, not_deleted = _collected(store, request.keep_versions)
    summary = {
        "read": report.read,
        "unchanged": report.unchanged,
        "skipped_filings": len(report.failures),
        "other_years": report.others,
        "passages": report.passages,
        "facts": report.facts,
        "skipped": report.failures[:_NAMED],
        "index": None if index is None else asdict(index.build),
        "deleted": None if deleted is None else {"objects": len(deleted.keys), "bytes": deleted.size},
        "not_deleted": not_deleted,
    }
    return Work(summary, summary | {"skipped": report.failures, "notes": report.notes})


def _collected(store: ObjectStore, keep: int | None) -> tuple[Garbage | None, str | None]:
    """What was deleted, or why nothing was: the index that was made is current all the same."""
    if keep is None:
        return None, None
    try:
        return collect_garbage(store, keep), None
    except StoreError as error:
        return None, str(error)


class _Run:
    """Filings on their way into the store, counted and told of."""

    def __init__(self, config: MLConfig, tables: FilingTablesStore, show: Show) -> None:
        self.config = config
        self.tables = tables
        self.report = IngestReport()
        self._show = show

    def read(self, sources: Iterable[ReadSource]) -> None:
        folder = Path(self.config.cache_dir)
        with open_reading(sources, self.tables, folder, workers=cores(), tell=_logger.info) as reading:
            self._show(Progress(stage="reading filings", total=reading.filings))
            for done, outcome in enumerate(reading.outcomes, 1):
                self.report.add(outcome)
                self._show(Progress(stage="reading filings", done=done, total=reading.filings))


def _from_edgar(run: _Run, request: IngestRequest) -> None:
    forms = parse_forms(",".join(request.forms))
    with open_edgar(run.config) as client:
        edgar = EdgarSources(client, forms, frozenset(request.years), holds=run.tables.held)
        listings = edgar.listings(request.tickers)
        run.report.failures.extend(edgar.failures)
        run.read(edgar.sources(listings))
        run.report.notes.extend(edgar.notes)
