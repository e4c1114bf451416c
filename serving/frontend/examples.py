"""Questions to begin with, made from what is covered, so that each can be answered."""

from serving.frontend.contract import Catalog, Company

__all__ = ["build_examples"]

_FICTIONAL = "(fictional)"


def build_examples(catalog: Catalog) -> list[str]:
    """Return three or four questions about covered companies and years; none when nothing is covered."""
    covered = [company for company in catalog.companies if company.filings]
    if not covered:
        return []
    first, last = covered[0], covered[-1]
    figures = [_lower_first(metric.label) for metric in catalog.metrics] or ["revenue"]
    return [
        f"What does {_name(first)} report as {figures[0]} for fiscal year {max(_years(first))}?",
        f"Which risks does {_name(last)} describe in its fiscal year {max(_years(last))} report?",
        *_ask_for_change(first, figures[min(1, len(figures) - 1)]),
        *_ask_for_comparison(first, last, figures[0]),
    ] + ([f"What does {_name(first)} sell, and to whom?"] if first is last else [])


def _years(company: Company) -> set[int]:
    return {filing.fiscal_year for filing in company.filings}


def _name(company: Company) -> str:
    return company.name.replace(_FICTIONAL, "").strip()


def _ask_for_change(company: Company, figure: str) -> list[str]:
    latest = max(_years(company))
    if latest - 1 not in _years(company):
        return []
    return [f"How did the {figure} of {_name(company)} change from fiscal year {latest - 1} to {latest}?"]


def _ask_for_comparison(first: Company, second: Company, figure: str) -> list[str]:
    common = _years(first) & _years(second)
    if first is second or not common:
        return []
    return [f"Compare the {figure} of {_name(first)} and {_name(second)} in fiscal year {max(common)}."]


def _lower_first(label: str) -> str:
    """Return a label as it stands inside a sentence; an acronym keeps its capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
