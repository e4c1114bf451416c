"""`finrag catalog`: what the current index covers, and what was read of each filing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from finrag_ml_tg1.commands.session import Session, explaining, store_option

if TYPE_CHECKING:
    from finrag_ml_tg1.index.coverage import FilingCoverage

__all__ = ["catalog"]


@click.command()
@store_option
@click.option("--coverage", is_flag=True, help="Also what was read of each filing, and what looks wrong about it.")
@explaining
def catalog(store_url: str | None, coverage: bool) -> None:
    """List the companies and filings the current index covers.

    Example: finrag catalog --coverage
    """
    from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, Catalog
    from finrag_ml_tg1.index.coverage import coverage_of_filings
    from finrag_ml_tg1.index.manifest import version_key
    from finrag_ml_tg1.index.stored_version import current_version, read_manifest

    session = Session(store_url)
    version = current_version(session.store)
    read_manifest(session.store, version)
    tables = [session.store.get(version_key(version, name)).data for name in (FILINGS_FILE, PARTS_FILE)]
    filings = Catalog.from_parquet(*tables).filings
    report = coverage_of_filings(filings) if coverage else {}
    for row in filings.sort("company", "period_end").iter_rows(named=True):
        tickers = ", ".join(row["tickers"]) or "no ticker"
        click.echo(
            f"{row['company']} ({tickers})  {row['form']} FY{row['fiscal_year']} to {row['period_end']}  "
            f"{row['passages']} passages  {row['facts']} facts  {row['accession']}"
        )
        if coverage:
            lines = [*_coverage_lines(report[row["accession"]])]
            if row["checks_made"]:
                lines.append(f"{row['checks_held']} of {row['checks_made']} totals are the sum of their parts")
            for line in (*lines, *(f"note: {note}" for note in row["notes"])):
                click.echo(f"    {line}")


def _coverage_lines(coverage: FilingCoverage) -> Iterator[str]:
    expected = f"{coverage.found} of {len(coverage.expected)} expected items" if coverage.expected else "amendment"
    found = ", ".join(item.item for item in coverage.items) or "none recognised"
    yield f"{expected}; {coverage.share_in_items:.0%} of the text in items; found: {found}"
    if coverage.missing:
        yield f"missing: {', '.join(coverage.missing)}"
    pointers = coverage.pointers()
    for says in dict.fromkeys(pointers.values()):
        yield f"{says}: {', '.join(item for item, pointer in pointers.items() if pointer == says)}"
    for item, reason in coverage.doubts:
        yield f"doubtful: Item {item}: {reason}"
