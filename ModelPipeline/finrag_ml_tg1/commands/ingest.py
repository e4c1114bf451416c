"""`finrag ingest`: filings from files, or from EDGAR, into the store's tables."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from finrag_ml_tg1.commands.ingest_report import tell, tell_unless_nothing
from finrag_ml_tg1.commands.session import Session, explaining, store_option
from finrag_ml_tg1.errors import FinRAGError, SettingsError
from finrag_ml_tg1.machine import cores

if TYPE_CHECKING:
    from finrag_ml_tg1.filings.batch import ReadSource
    from finrag_ml_tg1.filings.ingest import FilingTablesStore
    from finrag_ml_tg1.filings.ingest_report import IngestReport

__all__ = ["ingest"]

_SCHEDULER = re.compile(r"(tcp|tls)://[A-Za-z0-9.\-\[\]:]+:\d{1,5}")
_INTERRUPTED = 130  # as shells say it: 128 and the signal's number


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@store_option
@click.option(
    "--ticker", "tickers", multiple=True, metavar="TICKER...", help="Fetch this company's filings from EDGAR."
)
@click.option("--years", metavar="YEARS", help="With --ticker: fiscal years, as 2023, 2021-2025 or 2021,2023.")
@click.option("--forms", default="10-K", show_default=True, metavar="FORMS", help="With --ticker: as 10-K,10-Q.")
@click.option(
    "--pages",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Parquet, a row a page: filings as the text of their PDF pages. With SOURCE: the documents of these names.",
)
@click.option("--again", is_flag=True, help="Read the store's own filings again, where an older reader read them.")
@click.option(
    "--workers", default=cores(), type=click.IntRange(1, 64), show_default="all cores", help="Filings read at once."
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Read them on the workers of this Dask scheduler, as tcp://host:8786; the store must be one that they reach.",
)
@explaining
def ingest(  # noqa: PLR0913 - one for each option
    *,
    sources: tuple[str, ...],
    store_url: str | None,
    tickers: tuple[str, ...],
    years: str | None,
    forms: str,
    pages: Path | None,
    again: bool,
    workers: int,
    scheduler: str | None,
) -> None:
    """Read filings into the store: files (HTML or text, .gz of it), folders, EDGAR's by ticker, or PDF pages.

    Example: finrag ingest samples/filings, or finrag ingest --ticker AAPL MSFT --years 2021-2025, or finrag ingest
    --pages pages.parquet, or with --scheduler tcp://host:8786 on the machines of a cluster
    """
    _check_usage(sources, tickers, years, pages, again=again)
    if scheduler is not None:
        _check_scheduler(scheduler)
    from finrag_ml_tg1.filings.ingest import FilingTablesStore, find_sources, read_source
    from finrag_ml_tg1.filings.ingest_report import IngestReport

    session = Session(store_url)
    tables = FilingTablesStore(session.store)
    report = IngestReport()
    batch = _Batch(session.cache_folder, tables, workers, scheduler, report)
    try:
        if tickers:
            named = [name for ticker in (*tickers, *sources) for name in ticker.replace(",", " ").split()]
            _ingest_from_edgar(session, batch, named, str(years), forms)
        elif pages is not None:
            from finrag_ml_tg1.filings.paged.corpus import paged_sources

            batch.run(paged_sources(pages, sources))
        elif again:
            batch.run(tables.outdated())
        else:
            batch.run(partial(read_source, path) for path in find_sources([Path(source) for source in sources]))
    except FinRAGError:
        tell_unless_nothing(report)
        raise
    except KeyboardInterrupt:
        tell_unless_nothing(report)
        click.echo("finrag: interrupted; what was read is in the store: the same command goes on from there", err=True)
        sys.exit(_INTERRUPTED)
    tell(report)
    sys.exit(1 if report.failures else 0)


def _check_usage(
    sources: Sequence[str],
    tickers: Sequence[str],
    years: str | None,
    pages: Path | None,
    *,
    again: bool,
) -> None:
    takes_names = bool(tickers) or pages is not None
    if sum((bool(tickers), again, pages is not None, bool(sources) and not takes_names)) != 1:
        raise click.UsageError("give files or folders, or --ticker with --years, or --pages, or --again")
    if tickers and not years:
        raise click.UsageError("--ticker needs --years: which fiscal years, as 2023 or 2021-2025")
    if years and not tickers:
        raise click.UsageError("--years goes with --ticker: files are read whatever their fiscal year")
    files = [source for source in sources if tickers and Path(source).exists()]
    if files:
        raise click.UsageError(f"{files[0]} is a file or folder: give files or --ticker, not both")


def _check_scheduler(address: str) -> None:
    if not _SCHEDULER.fullmatch(address):
        raise click.UsageError("--scheduler is an address as tcp://host:8786, or tls:// with Dask's own settings")
    if find_spec("distributed") is None:
        raise SettingsError("--scheduler needs Dask: pip install 'finrag[distributed]', here and on the workers")


def _ingest_from_edgar(session: Session, batch: _Batch, tickers: Sequence[str], years: str, forms: str) -> None:
    from finrag_ml_tg1.filings.edgar.opening import open_edgar
    from finrag_ml_tg1.filings.edgar.selection import parse_forms, parse_years
    from finrag_ml_tg1.filings.edgar.sources import EdgarSources

    with open_edgar(session.config) as client:
        edgar = EdgarSources(client, parse_forms(forms), parse_years(years), holds=batch.tables.held)
        listings = edgar.listings(tickers)
        click.echo(f"EDGAR lists {len(listings)} filings that may be asked for")
        batch.report.failures.extend(edgar.failures)
        batch.run(edgar.sources(listings))
        batch.report.notes.extend(edgar.notes)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Filings on their way into the store, under a progress bar."""

    cache_folder: Path
    tables: FilingTablesStore
    workers: int
    scheduler: str | None
    report: IngestReport

    def run(self, sources: Iterable[ReadSource]) -> None:
        from finrag_ml_tg1.indexing.reading import open_reading

        with (
            open_reading(
                sources,
                self.tables,
                self.cache_folder,
                workers=self.workers,
                scheduler=self.scheduler,
                tell=click.echo,
            ) as reading,
            click.progressbar(reading.outcomes, length=reading.filings, label="Reading filings", show_pos=True) as bar,
        ):
            for outcome in bar:
                self.report.add(outcome)
