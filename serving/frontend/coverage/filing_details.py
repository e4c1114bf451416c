"""One filing's coverage in words: what was read of it, and what to be careful with. Pure; shows nothing itself."""

from collections.abc import Iterable

from serving.frontend.contract.catalog import Coverage, Filing
from serving.frontend.markup.escaping import escape_inline

__all__ = ["build_details", "build_label"]


def build_label(filing: Filing) -> str:
    """Return one line of Markdown: form, fiscal year, items, and how much is wrong, if anything is."""
    coverage = filing.coverage
    parts = [
        f"{escape_inline(filing.form)} FY{filing.fiscal_year}",
        *([f"{coverage.items_found}/{coverage.items_expected} items"] if coverage.items_expected else []),
        *([f"{len(coverage.items_missing)} missing"] if coverage.items_missing else []),
        *([_count(len(coverage.doubts), "doubt")] if coverage.doubts else []),
        *([_count(len(coverage.notes), "note")] if coverage.notes else []),
    ]
    return " · ".join(parts)


def build_details(filing: Filing) -> str:
    """Return a Markdown list; what there is none of has no entry, missing items excepted."""
    coverage = filing.coverage
    entries = [
        f"**Period end:** {escape_inline(filing.period_end)}",
        f"**Accession number:** {escape_inline(filing.accession)}",
        f"**Text:** {coverage.passages:,} passages; {coverage.share_in_items:.0%} of the text lies in items",
        f"**Numbers:** {_describe_numbers(coverage)}",
        *_describe_items(filing),
        *_nest("Doubts", (f"Item {item}: {reason}" for item, reason in coverage.doubts)),
        *_nest("Notes", coverage.notes),
    ]
    return "\n".join(f"- {entry}" for entry in entries)


def _describe_items(filing: Filing) -> list[str]:
    coverage = filing.coverage
    if not coverage.items_expected:
        return ["**Items:** this form has no fixed items"]
    places: dict[str, list[str]] = {}
    for item, words in coverage.pointers:
        places.setdefault(words, []).append(item)
    return [
        f"**Items found:** {coverage.items_found} of the {coverage.items_expected} expected",
        f"**Items in the index:** {_list(filing.items)}",
        f"**Items missing:** {_list(coverage.items_missing)}",
        *_nest("Items without a text of their own", (f"{words}: {', '.join(places[words])}" for words in places)),
    ]


def _describe_numbers(coverage: Coverage) -> str:
    checks = f"; {coverage.checks_held} of {_count(coverage.checks_made, 'total')} checked equal the sum of their parts"
    return f"{coverage.facts:,} read" + (checks if coverage.checks_made else "")


def _nest(title: str, texts: Iterable[str]) -> list[str]:
    lines = [f"\n  - {escape_inline(text)}" for text in texts]
    return [f"**{title}:**" + "".join(lines)] if lines else []


def _list(items: Iterable[str]) -> str:
    return escape_inline(", ".join(items)) or "none"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
