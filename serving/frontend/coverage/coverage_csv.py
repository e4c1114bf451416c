"""What is covered as a CSV file: one row for each filing, and for each year that lacks one. Pure; shows nothing."""

from collections.abc import Iterable, Sequence

from serving.frontend.contract.catalog import Company, Filing
from serving.frontend.coverage.grid import find_gaps
from serving.frontend.markup.csv_file import write_csv

__all__ = ["COVERAGE_COLUMNS", "build_coverage_csv"]

COVERAGE_COLUMNS = (
    "company",
    "ticker",
    "cik",
    "fiscal_year",
    "gap",
    "form",
    "period_end",
    "accession",
    "items_found",
    "items_expected",
    "items_missing",
    "pointers",
    "doubts",
    "notes",
    "share_in_items",
    "passages",
    "numbers",
    "totals_checked",
    "totals_equal",
)


def build_coverage_csv(companies: Sequence[Company]) -> bytes:
    """Return the file, companies in their order, years newest first, below the header `COVERAGE_COLUMNS`.

    `gap` says what a year lacks and is empty for a filing. Several tickers, items or notes are parted by "; ".
    """
    return write_csv(COVERAGE_COLUMNS, [row for company in companies for row in _describe_company(company)])


def _describe_company(company: Company) -> list[dict[str, str]]:
    named = {"company": company.name, "ticker": _join(company.tickers), "cik": str(company.cik)}
    rows = [
        *((filing.fiscal_year, _describe_filing(filing)) for filing in company.filings),
        *((year, {"gap": gap}) for year, gap in find_gaps(company).items()),
    ]
    rows.sort(key=lambda row: -row[0])
    return [named | {"fiscal_year": str(year)} | described for year, described in rows]


def _describe_filing(filing: Filing) -> dict[str, str]:
    coverage = filing.coverage
    return {
        "form": filing.form,
        "period_end": filing.period_end,
        "accession": filing.accession,
        "items_found": str(coverage.items_found),
        "items_expected": str(coverage.items_expected),
        "items_missing": _join(coverage.items_missing),
        "pointers": _join(f"{item}: {words}" for item, words in coverage.pointers),
        "doubts": _join(f"{item}: {reason}" for item, reason in coverage.doubts),
        "notes": _join(coverage.notes),
        "share_in_items": f"{coverage.share_in_items:g}",
        "passages": str(coverage.passages),
        "numbers": str(coverage.facts),
        "totals_checked": str(coverage.checks_made),
        "totals_equal": str(coverage.checks_held),
    }


def _join(texts: Iterable[str]) -> str:
    return "; ".join(texts)
