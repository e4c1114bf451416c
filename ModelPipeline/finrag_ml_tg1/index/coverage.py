"""What was read of each filing, item by item, and what looks wrong about it: silence would be the worst failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from finrag_ml_tg1.vocabulary.expected_items import expected_items

__all__ = ["FilingCoverage", "ItemCoverage", "coverage_of_filings"]

_SHORT_CHARS = 500
_LEAST_OF_NEIGHBOUR = 0.4
_MOST_OF_NEIGHBOUR = 2.5
_SURE = 0.7

_Series = tuple[int, str, bool, int]


@dataclass(frozen=True, slots=True)
class ItemCoverage:
    """One item as found: its characters, how sure it is, and, where it only points elsewhere, where to."""

    item: str
    characters: int
    confidence: float
    pointer: str


@dataclass(frozen=True, slots=True)
class FilingCoverage:
    """One filing: items expected and missing, items found, the share (0–1) of its text that lies in items.

    `doubts` are (item, reason): too short without saying why, far from the length of the year before or after, or
    found with little confidence.
    """

    expected: tuple[str, ...]
    missing: tuple[str, ...]
    items: tuple[ItemCoverage, ...]
    share_in_items: float
    doubts: tuple[tuple[str, str], ...]

    @property
    def found(self) -> int:
        """How many of the expected items were found."""
        return len(self.expected) - len(self.missing)

    def pointers(self) -> dict[str, str]:
        """Return the items that hold no text of their own, with what they say instead."""
        return {item.item: item.pointer for item in self.items if item.pointer}


def coverage_of_filings(filings: pl.DataFrame) -> dict[str, FilingCoverage]:
    """Return each filing's coverage by accession; `filings` has the columns of the `filings` table."""
    rows = filings.select("accession", "cik", "form", "fiscal_year", "period_end", "characters", "items").to_dicts()
    lengths: dict[_Series, list[dict[str, int]]] = defaultdict(list)
    for row in rows:
        lengths[_series(row, row["fiscal_year"])].append({item.item: item.characters for item in _items(row)})
    return {row["accession"]: _coverage(row, lengths) for row in rows}


def _series(row: Mapping[str, Any], fiscal_year: int) -> _Series:
    """What has to be alike for the lengths of two filings' items to be compared: an amendment holds what it amends."""
    form = row["form"].upper()
    return row["cik"], form[:4], form.endswith("/A"), fiscal_year


def _coverage(row: Mapping[str, Any], lengths: Mapping[_Series, Sequence[Mapping[str, int]]]) -> FilingCoverage:
    items = tuple(_items(row))
    period_end: date = row["period_end"]
    expected = expected_items(row["form"], period_end)
    found = {item.item for item in items}
    neighbours: list[tuple[int, Mapping[str, int]]] = []
    if row["form"].upper().startswith("10-K"):
        for year in (row["fiscal_year"] - 1, row["fiscal_year"] + 1):
            neighbours.extend((year, other) for other in lengths.get(_series(row, year), ()))
    return FilingCoverage(
        expected=expected,
        missing=tuple(item for item in expected if item not in found),
        items=items,
        share_in_items=_share_in_items(row),
        doubts=tuple(doubt for item in items for doubt in _doubts(item, neighbours)),
    )


def _items(row: Mapping[str, Any]) -> Iterator[ItemCoverage]:
    """An item's spans together, in the order in which the items first stand."""
    spans: dict[str, list[Mapping[str, Any]]] = {}
    for span in row["items"]:
        spans.setdefault(span["item"], []).append(span)
    for item, parts in spans.items():
        yield ItemCoverage(
            item=item,
            characters=sum(part["char_end"] - part["char_start"] for part in parts),
            confidence=min(part["confidence"] for part in parts),
            pointer=parts[0]["pointer"] if len(parts) == 1 else "",
        )


def _share_in_items(row: Mapping[str, Any]) -> float:
    covered = reached = 0
    for start, end in sorted((span["char_start"], span["char_end"]) for span in row["items"]):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return round(covered / row["characters"], 4) if row["characters"] else 0.0


def _doubts(item: ItemCoverage, neighbours: Iterable[tuple[int, Mapping[str, int]]]) -> Iterator[tuple[str, str]]:
    if item.characters < _SHORT_CHARS and not item.pointer:
        yield item.item, f"only {item.characters} characters, and they point nowhere"
    for year, lengths in neighbours:
        other = lengths.get(item.item)
        if other and not _LEAST_OF_NEIGHBOUR <= item.characters / other <= _MOST_OF_NEIGHBOUR:
            yield item.item, f"{item.characters:,} characters, {other:,} in fiscal {year}"
    if item.confidence < _SURE:
        yield item.item, "recognised by its title alone, or on pages it shares with another item"
