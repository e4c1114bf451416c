"""What the annual reports of a company cover: their fiscal years, and the items that hold text."""

from collections.abc import Collection

from serving.frontend.contract.catalog import Catalog, Company

__all__ = ["find_companies", "list_peers", "list_report_years", "list_told_items"]

_ANNUAL_REPORT = "10-K"


def list_report_years(company: Company) -> list[int]:
    """Return the fiscal years of which an annual report is covered, the latest first."""
    return sorted({filing.fiscal_year for filing in company.filings if _is_annual(filing.form)}, reverse=True)


def list_told_items(company: Company, fiscal_year: int) -> frozenset[str]:
    """Return the items of that year's annual report that hold text of their own, not only a pointer elsewhere."""
    reports = [filing for filing in company.filings if filing.fiscal_year == fiscal_year and _is_annual(filing.form)]
    pointers = {item for filing in reports for item, _ in filing.coverage.pointers}
    return frozenset(item for filing in reports for item in filing.items) - pointers


def find_companies(catalog: Catalog, names: Collection[str]) -> list[Company]:
    """Return the covered companies of these names that have an annual report, in the order of the names."""
    known = {company.name: company for company in catalog.companies if list_report_years(company)}
    return [known[name] for name in dict.fromkeys(names) if name in known]


def list_peers(catalog: Catalog, company: Company, fiscal_year: int, most: int) -> list[Company]:
    """Return other companies with a ticker and a report of that year, those after it in the catalog first."""
    place = catalog.companies.index(company)
    others = [*catalog.companies[place + 1 :], *catalog.companies[:place]]
    return [other for other in others if other.tickers and fiscal_year in list_report_years(other)][:most]


def _is_annual(form: str) -> bool:
    return form.upper().startswith(_ANNUAL_REPORT)
