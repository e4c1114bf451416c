"""Questions to begin with, made from what is covered, so that each can be answered."""

import re

from serving.frontend.contract.catalog import Catalog, Company

__all__ = ["build_examples"]

_FICTIONAL = "(fictional)"
_LEGAL_FORM = re.compile(r",? (?:Inc|Corp|Corporation|Ltd|Limited|LLC|L\.P|plc|N\.V|S\.A)\.?$", re.IGNORECASE)


def build_examples(catalog: Catalog) -> list[str]:
    """Return two to four questions about covered companies and years; none when nothing is covered."""
    covered = [company for company in catalog.companies if company.filings]
    if not covered:
        return []
    first, last = covered[0], covered[-1]
    figures = [_lower_first(metric.label) for metric in catalog.metrics]
    if not figures:
        return _ask_in_prose(first, last)
    return [
        f"What does {_name(first)} report as {figures[0]} for fiscal year {max(_years(first))}?",
        f"Which risks does {_name(last)} describe in its fiscal year {max(_years(last))} report?",
        *_ask_for_change(first, figures[min(1, len(figures) - 1)]),
        *_ask_for_comparison(first, last, figures[0]),
    ] + ([f"What does {_name(first)} sell, and to whom?"] if first is last else [])


def _ask_in_prose(first: Company, last: Company) -> list[str]:
    """Return what the words of nearly every annual report answer, for an index that knows no metric by name."""
    latest = max(_years(first))
    one, other = _spoken_name(first), _spoken_name(last)
    compared = first is not last and latest in _years(last)
    return [
        f"How many employees did {one} have in fiscal year {latest}?",
        f"With whom does {other} compete?",
        *([f"How many employees did {one} and {other} have in fiscal year {latest}?"] if compared else []),
    ]


def _years(company: Company) -> set[int]:
    return {filing.fiscal_year for filing in company.filings}


def _name(company: Company) -> str:
    return company.name.replace(_FICTIONAL, "").strip()


def _spoken_name(company: Company) -> str:
    """Return the name without its legal form, as people say it."""
    return _LEGAL_FORM.sub("", _name(company))


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
