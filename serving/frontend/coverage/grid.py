"""What is covered as a grid, a row for each company and a column for each fiscal year. Pure; shows nothing itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from serving.frontend.contract.catalog import Company, Filing
from serving.frontend.markup.escaping import escape_inline

__all__ = ["LEGEND", "Totals", "build_grid", "count_all", "find_companies", "find_gaps", "list_years"]

_WORD_JOINER = "\u2060"
_ANNUAL = "10-K"
_QUARTERLY = "10-Q"
# Signs are characters: icons would be torn from their words at the end of a line.
_NOT_COVERED = "–"
_GAP = "✕"
_MISSING = "⚠\ufe0e"
_DOUBT = "?"
LEGEND = (
    "“10-K 20/21”: of the 21 items that the form should have, 20 were found; “3 × 10-Q 15/15”: three together.  \n"
    f"**{_GAP}**\u00a0nothing, or no annual report, between covered years · **{_MISSING}**\u00a0items not found · "
    f"**{_DOUBT}**\u00a0items that may not have been read whole · **{_NOT_COVERED}**\u00a0not covered"
)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over companies; `first_year` and `last_year` are None when there is no filing."""

    companies: int
    filings: int
    passages: int
    first_year: int | None
    last_year: int | None


def count_all(companies: Sequence[Company]) -> Totals:
    """Return what the companies have together."""
    filings = [filing for company in companies for filing in company.filings]
    years = [filing.fiscal_year for filing in filings]
    passages = sum(filing.coverage.passages for filing in filings)
    return Totals(len(companies), len(filings), passages, min(years, default=None), max(years, default=None))


def find_companies(companies: Iterable[Company], wanted: str) -> tuple[Company, ...]:
    """Return the companies whose name or ticker holds every word of `wanted`, in any case."""
    words = wanted.casefold().split()
    return tuple(company for company in companies if all(word in _searchable(company) for word in words))


def find_gaps(company: Company) -> dict[int, str]:
    """Return what lacks, by fiscal year: any filing between covered years, or the annual report between such."""
    covered = {filing.fiscal_year for filing in company.filings}
    annual = {filing.fiscal_year for filing in company.filings if _is_annual(filing)}
    without_annual = dict.fromkeys(_years_between(annual), "no annual report")
    return without_annual | dict.fromkeys(_years_between(covered), "no filing")


def list_years(companies: Iterable[Company]) -> list[int]:
    """Return the fiscal years that are covered or missing of any company, newest first."""
    years: set[int] = set()
    for company in companies:
        years.update(filing.fiscal_year for filing in company.filings)
        years.update(find_gaps(company))
    return sorted(years, reverse=True)


def build_grid(companies: Sequence[Company], fiscal_years: Sequence[int]) -> str:
    """Return the grid as a Markdown table with the years as its columns, in their order."""
    lines = [
        "| Company | " + " | ".join(f"FY{year}" for year in fiscal_years) + " |",
        "|:---|" + ":---|" * len(fiscal_years),
        *(_build_row(company, fiscal_years) for company in companies),
    ]
    return "\n".join(lines)


def _searchable(company: Company) -> str:
    return " ".join([company.name, *company.tickers]).casefold()


def _is_annual(filing: Filing) -> bool:
    return filing.form.upper().startswith(_ANNUAL)


def _years_between(years: set[int]) -> set[int]:
    return set(range(min(years), max(years))) - years if years else set()


def _build_row(company: Company, fiscal_years: Sequence[int]) -> str:
    tickers = f" · {escape_inline(', '.join(company.tickers))}" if company.tickers else ""
    gaps = find_gaps(company)
    cells = [
        _build_cell([filing for filing in company.filings if filing.fiscal_year == year], gaps.get(year, ""))
        for year in fiscal_years
    ]
    return "| " + " | ".join([f"**{escape_inline(company.name)}**{tickers}", *cells]) + " |"


def _build_cell(filings: Sequence[Filing], gap: str) -> str:
    """Return the forms with their items, then what is wrong, each with its sign and its words."""
    missing = sum(len(filing.coverage.items_missing) for filing in filings)
    doubts = sum(len(filing.coverage.doubts) for filing in filings)
    ordered = sorted(filings, key=_rank)
    parts = [
        *(_describe_form(form, list(alike)) for form, alike in groupby(ordered, lambda filing: filing.form)),
        *([f"{_GAP} {gap}"] if gap else []),
        *([f"{_MISSING} {missing} missing"] if missing else []),
        *([f"{_DOUBT} {doubts} {'doubt' if doubts == 1 else 'doubts'}"] if doubts else []),
    ]
    return f":small[{', '.join(map(_keep_together, parts))}]" if parts else _NOT_COVERED


def _keep_together(part: str) -> str:
    """Return words that stay on one line."""
    return part.replace(" ", "\u00a0").replace("-", f"-{_WORD_JOINER}")


def _rank(filing: Filing) -> tuple[bool, bool, str]:
    """Annual reports first, then quarterly ones."""
    return not _is_annual(filing), not filing.form.upper().startswith(_QUARTERLY), filing.form


def _describe_form(form: str, filings: Sequence[Filing]) -> str:
    count = f"{len(filings)} × " if len(filings) > 1 else ""
    expected = sum(filing.coverage.items_expected for filing in filings)
    found = sum(filing.coverage.items_found for filing in filings)
    return f"{count}{escape_inline(form)}" + (f" {found}/{expected}" if expected else "")
